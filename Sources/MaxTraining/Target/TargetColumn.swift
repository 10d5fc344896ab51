import MaxFeatures
import MaxIR
import MaxLearning

/// What a target column means: which task it is, which classes there are.
public struct TargetColumn: Sendable {
    public let name: Text
    public let task: Task
    /// The classes in the order of their numbers: texts, integers (i64), booleans, or numbers (f64) that are no integers. nil
    /// where the task has none.
    public let classes: TensorStorage?
    /// Why the task is what it is, for the log.
    public let reason: String

    public var classCount: Int { classes?.count ?? 1 }
    public var labels: [Text] { classes.map(Self.shown) ?? [] }

    /// Classes that a column may have.
    public static let maximumClasses = 1000
    /// Integers of no more different values are classes, unless the recipe says otherwise.
    static let likelyClasses = 20

    /// - Parameters:
    ///   - task: nil to tell by type and values.
    ///   - positive: of two classes the one that counts as positive, as a person writes it.
    /// - Throws: `.malformed` for a column that does not fit the task: one class only, too many, texts where numbers are needed.
    public init(_ table: Table, _ name: Text, task: Task?, positive: String?) throws(MaxError) {
        guard let index = table.index(of: name) else { throw table.noColumn(name, "target.column") }
        let place = "target \(name.quoted)"
        let element = table.columns[index].element ?? .f64
        var found = try Self.distinct(table, index, place)
        self.name = name
        (self.task, reason) = try Self.choose(task, element, found, place)
        guard self.task == .binary || self.task == .multiclass else {
            guard element != .string else {
                throw MaxError(.malformed, "\(place): found texts, expected numbers for \(self.task.rawValue)")
            }
            guard positive == nil else {
                throw MaxError(.usage, "target.positive: the task is \(self.task.rawValue), which has no classes")
            }
            classes = nil
            return
        }
        guard found.count >= 2 else {
            let only = Self.shown(found).first.map { "one value, \($0.quoted)," } ?? "no value"
            throw MaxError(.malformed, "\(place): \(only) in all rows, expected at least two classes")
        }
        guard found.count <= Self.maximumClasses else {
            throw MaxError(
                .malformed, "\(place): \(found.count) classes, at most \(Self.maximumClasses): a regression needs task: regression")
        }
        if self.task == .binary {
            guard found.count == 2 else { throw MaxError(.malformed, "\(place): \(found.count) values, expected two for a binary task") }
            if let positive {
                guard let place = Self.shown(found).firstIndex(where: { Self.isSame($0, positive, element) }) else {
                    throw MaxError(
                        .malformed,
                        "target.positive: \(Text(positive).quoted) is no value of the target, found \(Self.shown(found).map(\.quoted).joined(separator: " and "))"
                    )
                }
                if place == 0 { found = found.picking([1, 0]) }
            }
        } else if positive != nil {
            throw MaxError(.usage, "target.positive: the target has \(found.count) classes, expected two")
        }
        classes = found
    }

    private static func isSame(_ shown: Text, _ given: String, _ element: ElementType) -> Bool {
        if shown == Text(given) { return true }
        if element == .bool {
            return shown == (given == "1" || given == "yes" ? "true" : "false") && ["1", "0", "yes", "no"].contains(given)
        }
        guard element != .string, let a = Double(shown.string), let b = Double(given) else { return false }
        return a == b
    }

    /// Classes as a person writes them.
    static func shown(_ classes: TensorStorage) -> [Text] {
        switch classes {
        case .string(let texts): texts
        case .i64(let integers): integers.map { Text("\($0)") }
        case .bool(let flags): flags.map { Text($0 ? "true" : "false") }
        case .f64(let numbers): numbers.map { Text("\($0)") }
        default: []
        }
    }

    private static func choose(_ task: Task?, _ element: ElementType, _ found: TensorStorage, _ place: String) throws(MaxError) -> (
        Task, String
    ) {
        if let task { return (task, "as the recipe says") }
        let isInteger = found.elementType == .i64
        switch element {
        case .timestamp: throw MaxError(.malformed, "\(place): found times, expected numbers, texts or booleans")
        case .bool: return (.binary, "the column is of booleans")
        case .string:
            return found.count == 2 ? (.binary, "the column has two texts") : (.multiclass, "the column has \(found.count) texts")
        default:
            if found.count == 2 { return (.binary, "the column has two values") }
            if isInteger, found.count <= likelyClasses {
                return (.multiclass, "the column has \(found.count) integer values: for numbers say task: regression")
            }
            return (.regression, "the column has \(found.count > maximumDistinct ? "many" : "\(found.count)") numbers")
        }
    }
}
