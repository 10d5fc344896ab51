import COpenBLAS

/// Least squares by orthogonal factors: the triangle of [Z y] is updated block of rows by block of rows, and what it says is solved
/// by singular values, the shortest solution where several are as good.
///
/// Source: Golub, Van Loan 2013, §5.5; LAPACK `dgeqrf`, `dgelsd`.
enum LeastSquares {
    /// Columns up to which this is done.
    static let maximumColumns = 1000

    /// - Parameters:
    ///   - target: already without its mean where there is an intercept.
    ///   - ridge: per column, what its squared weight costs, in the scale of the sum of half the squared errors.
    /// - Returns: nil when LAPACK gives up.
    static func solve(_ features: StandardizedFeatures, target: [Double], weights: [Double]?, ridge: [Double]) -> [Double]? {
        let (k, width) = (features.columns, features.columns + 1)
        let block = StandardizedFeatures.blockRows
        let height = width + max(block, k)
        let stacked = Block<Double>(height * width, 0)
        var triangle = [Double](repeating: 0, count: width * width)
        func update(_ rows: Int, _ fill: (_ row: Int, _ column: Int) -> Double) -> Bool {
            let all = width + rows
            for column in 0..<width {
                for row in 0..<width { stacked[column * all + row] = triangle[column * width + row] }
                for row in 0..<rows { stacked[column * all + width + row] = fill(row, column) }
            }
            guard factor(stacked, all, width) else { return false }
            for column in 0..<width {
                for row in 0..<width { triangle[column * width + row] = row <= column ? stacked[column * all + row] : 0 }
            }
            return true
        }
        for first in stride(from: 0, to: features.rows, by: block) {
            let rows = min(block, features.rows - first)
            let isDone = update(rows) { row, column in
                let value = column < k ? features.values[column * features.rows + first + row] : target[first + row]
                return value * (weights.map { $0[first + row].squareRoot() } ?? 1)
            }
            guard isDone else { return nil }
        }
        if ridge.contains(where: { $0 > 0 }) {
            guard update(k, { row, column in row == column ? ridge[row].squareRoot() : 0 }) else { return nil }
        }
        return solution(triangle, k, width)
    }

    private static func factor(_ a: Block<Double>, _ rows: Int, _ columns: Int) -> Bool {
        var (m, n, info) = (Int32(rows), Int32(columns), Int32(0))
        var length = Int32(columns * 64)
        var (tau, work) = ([Double](repeating: 0, count: columns), [Double](repeating: 0, count: columns * 64))
        dgeqrf_(&m, &n, a.start, &m, &tau, &work, &length, &info)
        return info == 0
    }

    private static func solution(_ triangle: [Double], _ k: Int, _ width: Int) -> [Double]? {
        var a: [Double] = []
        for column in 0..<k { a += triangle[column * width..<column * width + k] }
        var b = Array(triangle[k * width..<k * width + k])
        var (n, one, rank, info, length) = (Int32(k), Int32(1), Int32(0), Int32(0), Int32(-1))
        var (leading, tolerance) = (Int32(max(k, 1)), 1e-15)
        var singular = [Double](repeating: 0, count: max(k, 1))
        var (query, whole) = ([0.0], [Int32](repeating: 0, count: max(1, k * 64)))
        dgelsd_(&n, &n, &one, &a, &leading, &b, &leading, &singular, &tolerance, &rank, &query, &length, &whole, &info)
        guard info == 0, query[0] < 1e9 else { return nil }
        length = Int32(query[0])
        var work = [Double](repeating: 0, count: Int(length))
        dgelsd_(&n, &n, &one, &a, &leading, &b, &leading, &singular, &tolerance, &rank, &work, &length, &whole, &info)
        return info == 0 ? b : nil
    }
}
