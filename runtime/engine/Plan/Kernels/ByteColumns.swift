import CMaxKernels
import MaxIR

/// The byte columns that the tests of an ensemble need: every test is made "byte > limit goes right".
///
/// A threshold test reads a rank: how many of its column's thresholds are not above x, so that x >= threshold k
/// exactly when the rank is above k. Missing values get the lowest or the highest rank, in a column of their own
/// policy. A column of more than 254 thresholds gives several columns of ranks. A set test reads a table by
/// category. Whatever fits neither is evaluated once for each row.
struct ByteColumns {
    /// A test as trees on bytes see it.
    struct Test: Equatable {
        var column: Int
        /// Bytes above it go right.
        var limit: UInt8
        /// Whether right is the true child.
        var rightIsTrue: Bool
    }

    private static let thresholdsPerColumn = 254
    private static let lastCategory = 251
    private static let maximumWidth = 1 << 14

    /// A column of category bytes, and the byte columns of its set tests, side by side.
    private struct Categories {
        var source: Int32
        var out: Int
        var firstSet = 0
        /// One per set test, and one byte per category: 1 goes right.
        var tables: [[UInt8]] = []
    }

    private(set) var width = 0
    /// One per node of the ensemble.
    private(set) var tests: [Test] = []
    let comparesF64: Bool

    private var ranks: [(column: maxai_rank_column, thresholds: [Double])] = []
    private var categories: [Categories] = []
    private var single: [(column: maxai_test_column, set: Int32)] = []

    /// nil when the ensemble needs so many columns that bytes do not pay.
    init?(_ e: TreeEnsemble, columns: Int, xIsF64: Bool) {
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
            for start in stride(from: 0, to: distinct.count, by: Self.thresholdsPerColumn) {
                let part = Array(distinct[start..<min(start + Self.thresholdsPerColumn, distinct.count)])
                var rank = maxai_rank_column()
                rank.source = Int32(column)
                rank.count = Int32(part.count)
                rank.out = (-1, -1, -1, -1, -1)
                rank.rank_of_zero = UInt8(part.count { $0 <= 0 })
                ranks.append((rank, part))
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
                let rank = firstRank[Int(source[node])] + position / Self.thresholdsPerColumn
                let column = rankColumn(rank, test.policy)
                tests.append(
                    Test(column: column, limit: UInt8(position % Self.thresholdsPerColumn), rightIsTrue: test.isSwapped))
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

    /// The byte column of a policy; made when first asked for.
    private mutating func rankColumn(_ rank: Int, _ policy: Int) -> Int {
        let known = withUnsafeBytes(of: ranks[rank].column.out) { $0.bindMemory(to: Int32.self)[policy] }
        guard known < 0 else { return Int(known) }
        let column = take()
        withUnsafeMutableBytes(of: &ranks[rank].column.out) { $0.bindMemory(to: Int32.self)[policy] = Int32(column) }
        return column
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
            /// A byte column of its own.
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

        mutating func find(_ e: TreeEnsemble, _ node: Int, _ bytes: inout ByteColumns) -> Found {
            let isMember = TreeEnsemble.Comparison(rawValue: e.comparison[node]) == .member
            let set = isMember ? e.set[node] : -1
            let words = isMember ? e.setWords[Int(e.setOffsets[Int(set)])..<Int(e.setOffsets[Int(set) + 1])] : []
            let threshold = isMember ? 0 : e.threshold.double(node)
            let key = Key(
                column: e.column[node], comparison: e.comparison[node], missing: e.missing[node], threshold: threshold.bitPattern,
                words: words)
            if let known = found[key] { return known }
            let result: Found
            if isMember, words.lastMember ?? 0 <= ByteColumns.lastCategory {
                let index = categoryColumns[key.column] ?? bytes.categories.count
                if index == bytes.categories.count {
                    bytes.categories.append(Categories(source: key.column, out: 0))
                    categoryColumns[key.column] = index
                }
                let policy = e.policy(of: node)
                result = .set(index: index, position: bytes.categories[index].tables.count)
                bytes.categories[index].tables.append(
                    (0..<256).map { ByteColumns.isTrue($0, words, policy.missing, policy.goesTrue) ? 0 : 1 })
            } else {
                var test = maxai_test_column()
                test.source = key.column
                test.out = Int32(bytes.take())
                test.comparison = key.comparison
                test.missing = key.missing
                test.threshold = threshold
                bytes.single.append((test, set))
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

    /// Writes the columns into `trees`.
    func pack(_ e: TreeEnsemble, into trees: inout maxai_byte_trees, _ constants: ConstantMemory) {
        // Kernels tell two groups of 64 rows from one by how far apart their bytes are.
        trees.width = Int32(max(width, 1))
        trees.compares_f64 = comparesF64 ? 1 : 0
        trees.set_rule = e.setRule.code
        trees.rank_count = Int32(ranks.count)
        trees.category_count = Int32(categories.count)
        trees.test_count = Int32(single.count)
        trees.ranks = UnsafePointer(
            constants.copy(
                ranks.map { rank in
                    var out = rank.column
                    let all = rank.thresholds + [Double](repeating: .nan, count: 256 - rank.thresholds.count)
                    let first = stride(from: 16, to: 256, by: 16).map { all[$0] } + [.nan]
                    out.thresholds = floats(all, constants)
                    out.first = floats(first, constants)
                    return out
                }))
        trees.categories = UnsafePointer(
            constants.copy(
                categories.map { column in
                    let byCategory = (0..<256).flatMap { category in column.tables.map { $0[category] } }
                    let bySet = column.tables.flatMap { table in
                        stride(from: 0, to: 256, by: 8).map { first in
                            (0..<8).reduce(UInt8(0)) { $0 | table[first + $1] << UInt8($1) }
                        }
                    }
                    return maxai_category_column(
                        source: column.source, out: Int32(column.out), first_set: Int32(column.firstSet),
                        set_count: Int32(column.tables.count), by_category: UnsafePointer(constants.copy(byCategory)),
                        by_set: UnsafePointer(constants.copy(bySet)))
                }))
        let setWords = single.contains { $0.set >= 0 } ? UnsafePointer(constants.copy(e.setWords)) : nil
        trees.tests = UnsafePointer(
            constants.copy(
                single.map { test in
                    var out = test.column
                    if test.set >= 0, let setWords {
                        let (start, end) = (e.setOffsets[Int(test.set)], e.setOffsets[Int(test.set) + 1])
                        out.words = setWords + Int(start)
                        out.word_count = end - start
                    }
                    return out
                }))
    }

    private func floats(_ values: [Double], _ constants: ConstantMemory) -> UnsafeRawPointer {
        comparesF64 ? UnsafeRawPointer(constants.copy(values)) : UnsafeRawPointer(constants.copy(values.map { Float($0) }))
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
