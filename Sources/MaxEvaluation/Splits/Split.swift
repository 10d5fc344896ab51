/// Rows to learn from and rows to judge by, both ascending; no row is in both.
public struct Split: Sendable, Equatable {
    public var train: [Int]
    public var test: [Int]

    public init(train: [Int], test: [Int]) {
        self.train = train
        self.test = test
    }

    init(isTest: [Bool]) {
        train = isTest.indices.filter { !isTest[$0] }
        test = isTest.indices.filter { isTest[$0] }
    }
}
