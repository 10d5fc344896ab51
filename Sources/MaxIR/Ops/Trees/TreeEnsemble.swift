/// The trees of a `trees` node, decoded from its attributes.
///
/// Nodes of all trees stand in one list; every array below has one element per node unless it says otherwise.
/// A child or root `c >= 0` is node `c`; `c < 0` is leaf `~c`. Children stand after their parent.
public struct TreeEnsemble: Sendable, Hashable {
    /// The test of a node: `x comparison threshold`.
    public enum Comparison: UInt8, Sendable, CaseIterable {
        case lessOrEqual = 0
        case less, greaterOrEqual, greater, equal, notEqual, member
    }

    /// Which values of a column count as missing at a node.
    public enum Missing: UInt8, Sendable, CaseIterable {
        /// None: NaN takes part in the comparison, and every comparison with it but `!=` is false.
        case none = 0
        /// NaN.
        case nan = 1
        /// NaN, and every x with |x| <= 1e-35 as f32 has it (LightGBM's zero-as-missing).
        case zero = 2
        /// None, and NaN is compared as 0 (LightGBM's missing type None).
        case nanIsZero = 3
    }

    /// How a number becomes the position in a category set.
    public enum SetRule: String, Sendable, CaseIterable {
        /// x < 0 belongs to no set; otherwise x truncated. Source: XGBoost `common::Decision`.
        case nonNegative = "non_negative"
        /// x truncated toward zero, then a negative belongs to no set: -0.5 is category 0. Source: LightGBM.
        case truncated
        /// A number with a fraction, or below 0, belongs to no set. Source: ONNX TreeEnsemble 5, BRANCH_MEMBER.
        case exact
    }

    /// How the trees' leaf values make a score.
    public enum Aggregate: String, Sendable, CaseIterable {
        /// `base`, then each tree's value added in order.
        case sum
        /// The sum divided by the number of trees.
        case average
        /// The smallest value of the trees of an output; `base` where an output has no tree.
        case min
        /// The largest, likewise.
        case max
    }

    /// `|x|` up to this counts as zero for `Missing.zero`.
    public static let zeroThreshold = Double(Float(1e-35))
    /// The words of all sets of an ensemble that importers make: 512 MiB.
    public static let maximumSetWords = 1 << 26
    /// The bit of `missing` that sends missing values to the true child.
    public static let missingGoesTrue: UInt8 = 4

    public var column: [Int32] = []
    public var comparison: [UInt8] = []
    /// f32 or f64: the type in which x and threshold are compared. 0 at member nodes.
    public var threshold: TensorStorage
    /// Bits 0-1: `Missing`; bit 2: missing goes true.
    public var missing: [UInt8] = []
    public var trueChild: [Int32] = []
    public var falseChild: [Int32] = []
    /// The set of a member node; -1 at others. Empty when no node tests membership.
    public var set: [Int32] = []
    /// Set `s` owns the words `setOffsets[s] ..< setOffsets[s + 1]`; bit `v % 64` of its word `v / 64` is set when
    /// `v` belongs to it.
    public var setOffsets: [Int64] = [0]
    public var setWords: [UInt64] = []
    public var setRule = SetRule.nonNegative
    /// One per tree, in the order of summation.
    public var roots: [Int32] = []
    /// One per tree: the output that its leaves' first value belongs to.
    public var treeOutput: [Int32] = []
    /// f32 or f64, the type of all sums: `leafStride` values per leaf, for as many outputs in a row.
    public var leafValues: TensorStorage
    public var leafStride = 1
    /// One start value per output, in the type of `leafValues`.
    public var base: TensorStorage
    public var aggregate = Aggregate.sum
    /// The number that the source gives each leaf within its tree, one per leaf; empty where it gives none.
    public var leafIDs: [Int32] = []
    /// How much training data passed each node, and ended in each leaf: what weighs the two sides of a node in
    /// path-dependent contributions. In the source's own measure (rows, weights or hessians); both or neither are empty.
    public var nodeCover: [Double] = []
    public var leafCover: [Double] = []
    /// What leaves give instead of their value, in ensembles of linear trees.
    public var linear: LinearLeaves?

    /// An ensemble without trees.
    public init(threshold: ElementType, base: TensorStorage) {
        self.threshold = threshold == .f64 ? .f64([]) : .f32([])
        self.base = base
        leafValues = base.elementType == .f64 ? .f64([]) : .f32([])
    }

    public var nodeCount: Int { column.count }
    public var treeCount: Int { roots.count }
    public var outputCount: Int { base.count }
    public var leafCount: Int { leafStride > 0 ? leafValues.count / leafStride : 0 }

    /// The policy of node `node`.
    public func policy(of node: Int) -> (missing: Missing, goesTrue: Bool) {
        (Missing(rawValue: missing[node] & 3) ?? .none, missing[node] & Self.missingGoesTrue != 0)
    }
}
