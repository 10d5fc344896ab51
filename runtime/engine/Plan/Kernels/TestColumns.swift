import CMaxKernels
import MaxIR

/// The columns of small integers that the tests of an ensemble need: every test is made "code > limit goes right".
///
/// A threshold test reads a rank: how many of its column's thresholds are not above x, so that x >= threshold k
/// exactly when the rank is above k. Missing values get the lowest or the highest rank, in a column of their own
/// policy. A column of more thresholds than codes can tell apart gives several columns of ranks. A set test reads a
/// table by category, where codes are bytes. Whatever fits neither is evaluated once for each row.
struct TestColumns {
    enum Code {
        case byte, word

        /// Ranks 0 ... thresholds; the highest code is that of a missing value that goes right.
        var thresholds: Int { self == .byte ? 254 : 65534 }
    }

    /// A test as trees on codes see it.
    struct Test: Equatable {
        var column: Int
        /// Codes above it go right.
        var limit: Int
        /// Whether right is the true child.
        var rightIsTrue: Bool
    }

    private static let lastCategory = 251
    static let maximumWidth = 1 << 14
    private let code: Code

    /// A column of category bytes, and the byte columns of its set tests, side by side.
    struct Categories {
        var source: Int32
        var out: Int
        var firstSet = 0
        /// One per set test, and one byte per category: 1 goes right.
        var tables: [[UInt8]] = []
    }

    /// The ranks of a column in some of its thresholds, one output per policy of missing values; -1: not used.
    struct Ranks {
        var source: Int32
        var thresholds: [Double]
        var out = [Int32](repeating: -1, count: Int(MAXAI_POLICIES))

        var ofZero: Int { thresholds.count { $0 <= 0 } }
    }

    private(set) var width = 0
    /// One per node of the ensemble.
    private(set) var tests: [Test] = []
    let comparesF64: Bool

    private(set) var ranks: [Ranks] = []
    private(set) var categories: [Categories] = []
    private(set) var single: [(column: maxai_test_column, set: Int32)] = []

    /// nil when the ensemble needs so many columns that codes do not pay.
    init?(_ e: TreeEnsemble, columns: Int, xIsF64: Bool, code: Code) {
        self.code = code
        let perColumn = code.thresholds
        comparesF64 = xIsF64 && e.threshold.elementType == .f64
        let (nodes, source) = (e.nodeCount, e.column)
        let less = LessTest.all(e, comparesF64: comparesF64)
        var thresholds = [[Double]](repeating: [], count: columns)
        for node in 0..<nodes {
            if let test = less[node] { thresholds[Int(source[node])].append(test.threshold) }
        }
        var firstRank = [Int](repeating: 0, count: columns)
        for column in 0..<columns where !thresholds[column].isEmpty {
            thresholds[column].sort()
            var distinct: [Double] = []
            for value in thresholds[column] where distinct.last != value { distinct.append(value) }
            thresholds[column] = distinct
            firstRank[column] = ranks.count
            for start in stride(from: 0, to: distinct.count, by: perColumn) {
                ranks.append(
                    Ranks(source: Int32(column), thresholds: Array(distinct[start..<min(start + perColumn, distinct.count)])))
            }
        }
        var sets = OtherTests()
        let others = (0..<nodes).map { less[$0] == nil ? sets.find(e, $0, &self) : .single(0) }
        for index in categories.indices {
            categories[index].out = take()
            categories[index].firstSet = width
            width += categories[index].tables.count
        }
        tests.reserveCapacity(nodes)
        for node in 0..<nodes {
            if let test = less[node] {
                let position = Self.position(of: test.threshold, in: thresholds[Int(source[node])])
                let rank = firstRank[Int(source[node])] + position / perColumn
                let column = rankColumn(rank, test.policy)
                tests.append(Test(column: column, limit: position % perColumn, rightIsTrue: test.isSwapped))
            } else {
                let column =
                    switch others[node] {
                    case .single(let column): column
                    case .set(let index, let position): categories[index].firstSet + position
                    }
                tests.append(Test(column: column, limit: 0, rightIsTrue: false))
            }
            guard width <= Self.maximumWidth else { return nil }
        }
        guard single.count <= 4 * e.treeCount else { return nil }
    }

    private mutating func take() -> Int {
        width += 1
        return width - 1
    }

    /// The column of a policy; made when first asked for.
    private mutating func rankColumn(_ rank: Int, _ policy: Int) -> Int {
        if ranks[rank].out[policy] < 0 { ranks[rank].out[policy] = Int32(take()) }
        return Int(ranks[rank].out[policy])
    }

    private static func position(of value: Double, in sorted: [Double]) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The tests that are not of thresholds, each kind once.
    private struct OtherTests {
        enum Found {
            /// A column of its own.
            case single(Int)
            /// Position `position` among the sets of category column `index`.
            case set(index: Int, position: Int)
        }

        private struct Key: Hashable {
            var column: Int32
            var comparison: UInt8
            var missing: UInt8
            var threshold: UInt64
            var words: ArraySlice<UInt64>
        }
        private var found: [Key: Found] = [:]
        private var categoryColumns: [Int32: Int] = [:]

        mutating func find(_ e: TreeEnsemble, _ node: Int, _ all: inout TestColumns) -> Found {
            let isMember = TreeEnsemble.Comparison(rawValue: e.comparison[node]) == .member
            let set = isMember ? e.set[node] : -1
            let words = isMember ? e.setWords[Int(e.setOffsets[Int(set)])..<Int(e.setOffsets[Int(set) + 1])] : []
            let threshold = isMember ? 0 : e.threshold.double(node)
            let key = Key(
                column: e.column[node], comparison: e.comparison[node], missing: e.missing[node], threshold: threshold.bitPattern,
                words: words)
            if let known = found[key] { return known }
            let result: Found
            if isMember, all.code == .byte, words.lastMember ?? 0 <= TestColumns.lastCategory {
                let index = categoryColumns[key.column] ?? all.categories.count
                if index == all.categories.count {
                    all.categories.append(Categories(source: key.column, out: 0))
                    categoryColumns[key.column] = index
                }
                let policy = e.policy(of: node)
                result = .set(index: index, position: all.categories[index].tables.count)
                all.categories[index].tables.append(
                    (0..<256).map { TestColumns.isTrue($0, words, policy.missing, policy.goesTrue) ? 0 : 1 })
            } else {
                var test = maxai_test_column()
                test.source = key.column
                test.out = Int32(all.take())
                test.comparison = key.comparison
                test.missing = key.missing
                test.threshold = threshold
                all.single.append((test, set))
                result = .single(Int(test.out))
            }
            found[key] = result
            return result
        }
    }

    /// A set test of a category byte.
    private static func isTrue(_ category: Int, _ words: ArraySlice<UInt64>, _ missing: TreeEnsemble.Missing, _ goesTrue: Bool) -> Bool {
        switch category {
        case 0...lastCategory: words.hasMember(category)
        case 252: missing == .zero && goesTrue
        case 253: missing == .zero ? goesTrue : words.hasMember(0)
        case 254:
            switch missing {
            case .none: false
            case .nan, .zero: goesTrue
            case .nanIsZero: words.hasMember(0)
            }
        default: false
        }
    }
}

extension TreeEnsemble.SetRule {
    /// As kernels have it.
    var code: UInt8 {
        switch self {
        case .nonNegative: 0
        case .truncated: 1
        case .exact: 2
        }
    }
}

extension ArraySlice<UInt64> {
    fileprivate func hasMember(_ category: Int) -> Bool {
        category / 64 < count && self[startIndex + category / 64] >> UInt64(category % 64) & 1 == 1
    }

    /// The largest member; nil of an empty set.
    fileprivate var lastMember: Int? {
        guard let word = lastIndex(where: { $0 != 0 }) else { return nil }
        return 64 * (word - startIndex) + 63 - self[word].leadingZeroBitCount
    }
}

extension TensorStorage {
    /// Element `index` of f32 or f64.
    func double(_ index: Int) -> Double {
        switch self {
        case .f32(let values): Double(values[index])
        case .f64(let values): values[index]
        default: .nan
        }
    }
}
