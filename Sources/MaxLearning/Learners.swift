/// Every learner that there is, by name.
public enum Learners {
    public static let all: [Learner] = [gbdt]

    public static func named(_ name: String) -> Learner? { all.first { $0.name == name } }
}
