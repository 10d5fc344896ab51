/// Leaves that carry a linear model beside their value: one per leaf, some of which have no terms.
///
/// A leaf gives `base + c₀·x₀ + c₁·x₁ + …`, added in this order in f64, each product rounded; where one of these columns is
/// NaN it gives its value in `leaf_values` instead. Numbers that zero as missing takes for 0 count as 0.
/// Source: LightGBM `Tree::Predict` with `linear_tree`, whose `Predictor` leaves out values up to `kZeroThreshold`.
public struct LinearLeaves: Sendable, Hashable {
    /// The terms of leaf `l`: `offsets[l] ..< offsets[l + 1]`.
    public var offsets: [Int64] = [0]
    public var columns: [Int32] = []
    public var coefficients: [Double] = []
    public var base: [Double] = []

    public init() {}

    /// Leaves without terms.
    init(constants: ArraySlice<Double>) {
        base = Array(constants)
        offsets = [Int64](repeating: 0, count: base.count + 1)
    }

    /// The terms of a leaf.
    public func terms(_ leaf: Int) -> Range<Int> { Int(offsets[leaf])..<Int(offsets[leaf + 1]) }

    /// What a leaf gives a row.
    ///
    /// - Parameters:
    ///   - value: the leaf's value in `leaf_values`.
    ///   - x: the row's value of a column.
    func score(_ leaf: Int, value: Double, _ x: (Int) -> Double) -> Double {
        var sum = base[leaf]
        for term in terms(leaf) {
            let x = x(Int(columns[term]))
            if x.isNaN { return value }
            sum += coefficients[term] * (x.magnitude <= TreeEnsemble.zeroThreshold ? 0 : x)
        }
        return sum
    }

    mutating func append(_ linear: SourceNode.Leaf.Linear) throws(MaxError) {
        guard linear.columns.count == linear.coefficients.count else {
            throw MaxError(
                .malformed, "linear leaf: \(linear.columns.count) columns and \(linear.coefficients.count) coefficients")
        }
        guard linear.columns.count <= Limits.evaluatedElements - columns.count else {
            throw MaxError(.limitExceeded, "linear leaves: more than \(Limits.evaluatedElements) terms")
        }
        for column in linear.columns {
            guard let column = Int32(exactly: column) else {
                throw MaxError(.malformed, "linear leaf: column \(column), expected 0 to \(Int32.max)")
            }
            columns.append(column)
        }
        coefficients += linear.coefficients
        base.append(linear.base)
        offsets.append(Int64(columns.count))
    }

    /// - Parameter width: the columns of the matrix, if known.
    func validate(_ e: TreeEnsemble, columns width: Int?) throws(MaxError) {
        guard e.leafValues.elementType == .f64, e.leafStride == 1 else {
            throw MaxError(
                .malformed,
                "leaf_values: found \(e.leafStride) of \(e.leafValues.elementType) per leaf, expected one of f64 beside linear leaves")
        }
        guard base.count == e.leafCount else {
            throw MaxError(.malformed, "linear_base: \(base.count) elements, expected \(e.leafCount), one per leaf")
        }
        guard offsets.count == e.leafCount + 1, offsets.first == 0, offsets.last == Int64(columns.count) else {
            throw MaxError(
                .malformed,
                "linear_offsets: expected \(e.leafCount + 1) elements, 0 first and \(columns.count) last, the number of linear_columns")
        }
        for (index, pair) in zip(offsets, offsets.dropFirst()).enumerated() where pair.0 > pair.1 {
            throw MaxError(.malformed, "linear_offsets: element \(index + 1) is \(pair.1), expected at least \(pair.0)")
        }
        guard coefficients.count == columns.count else {
            throw MaxError(
                .malformed, "linear_coefficients: \(coefficients.count) elements, expected \(columns.count) as linear_columns")
        }
        for (term, column) in columns.enumerated() where column < 0 || width.map({ Int(column) >= $0 }) ?? false {
            throw TreeEnsemble.outOfRange("linear_columns", term, column, width)
        }
    }
}
