import MaxIR

/// The membership tests of one forest, while it is read.
///
/// Sets of small integers become bits of the ensemble. A set with any other number becomes a column of its own,
/// computed before the trees, so that no subtree has to be doubled.
struct ONNXSets {
    /// A column that says whether column `column` of X is one of `values`.
    struct Derived {
        let column: Int
        let values: [Double]
    }

    /// Derived column `i` is written as column `firstDerived + i` until the width of X is known.
    static let firstDerived = 1 << 30
    static let maximumDerived = 1 << 10

    private(set) var derived: [Derived] = []
    private var usedWords = 0

    /// Makes `split` true exactly for `values`.
    ///
    /// - Throws: `.limitExceeded` when the sets take too much memory or too many columns.
    mutating func test(_ split: inout SourceNode.Split, _ values: [Double]) throws(MaxError) {
        guard let words = try bits(of: values) else {
            guard derived.count < Self.maximumDerived else {
                throw MaxError(.limitExceeded, "more than \(Self.maximumDerived) sets with fractions or large numbers")
            }
            guard split.column >= 0, split.column < Self.firstDerived else {
                throw MaxError(.malformed, "column \(split.column), expected 0 or more")
            }
            derived.append(Derived(column: split.column, values: values))
            split.column = Self.firstDerived + derived.count - 1
            split.comparison = .greater
            split.threshold = 0.5
            return
        }
        split.comparison = .member
        split.threshold = 0
        split.set = words
    }

    /// nil when one of `values` is no integer from 0 to 2^24 - 1.
    private mutating func bits(of values: [Double]) throws(MaxError) -> [UInt64]? {
        var words: [UInt64] = []
        for value in values {
            guard value >= 0, value < 16_777_216, value == value.rounded(.down) else { return nil }
            let bit = Int(value)
            if bit / 64 >= words.count { words += Array(repeating: 0, count: bit / 64 + 1 - words.count) }
            words[bit / 64] |= 1 << UInt64(bit % 64)
        }
        usedWords += words.count
        guard usedWords <= TreeEnsemble.maximumSetWords else {
            throw MaxError(.limitExceeded, "sets of more than \(TreeEnsemble.maximumSetWords) words in all")
        }
        return words
    }
}

extension GraphBuilder {
    /// `x` `[N, F]` with the derived columns after its own.
    mutating func appending(_ derived: [ONNXSets.Derived], to x: ValueID, _ type: ElementType) throws(MaxError)
        -> ValueID
    {
        guard !derived.isEmpty else { return x }
        func list(_ values: [Double]) throws(MaxError) -> Attribute {
            .tensor(try Cast.convert(Tensor(values), to: type))
        }
        var parts: [ValueID] = []
        for column in derived {
            let source = try add(Ops.gather, [x, try constant(Tensor([Int64(column.column)]))], ["axis": .int(1)])
            let attributes: [String: Attribute] = [
                "keys_tensor": try list(column.values + [.nan]),
                "values_tensor": try list(column.values.map { _ in 1 } + [.nan]), "default_tensor": try list([0]),
            ]
            parts.append(try add(Ops.labelEncoder, [source], attributes))
        }
        return try add(Ops.concat, [x] + parts, ["axis": .int(1)])
    }
}
