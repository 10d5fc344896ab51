/// The rows that interventional contributions compare with.
package enum TreeBackground {
    /// Most rows of one background.
    package static let maximumRows = 4096
    /// Columns of the table of weights.
    package static let side = TreePaths.maximumSlots + 1

    /// The attribute `background`.
    package static func rows(_ node: some OperatorNode) throws(MaxError) -> Tensor {
        let tensor = try node.tensor("background")
        guard tensor.elementType == .f32 || tensor.elementType == .f64, tensor.rank == 2, (1...maximumRows).contains(tensor.shape[0]) else {
            throw MaxError(.malformed, "background: found \(tensor.type), expected f32 or f64 of 1 to \(maximumRows) rows")
        }
        return tensor
    }

    /// `(p-1)! q! / (p+q)!`, which is 1 / (p · C(p+q, p)), at `p * side + q`; 0 where p is 0 or p + q too large.
    package static func weights() -> [Double] {
        var out = [Double](repeating: 0, count: side * side)
        // Row n of Pascal's triangle.
        var choose = [1.0]
        for n in 1..<side {
            choose = (0...n).map { k in (k > 0 ? choose[k - 1] : 0) + (k < n ? choose[k] : 0) }
            for p in 1...n { out[p * side + n - p] = 1 / (Double(p) * choose[p]) }
        }
        return out
    }

    /// Of one path, the different sets of columns that lead to its leaf in a background row, ascending, and how many rows have
    /// each.
    package static func sets(_ e: TreeEnsemble, _ paths: TreePaths, _ path: Int, _ background: Tensor) -> [(bits: UInt64, rows: Int32)] {
        var out: [(bits: UInt64, rows: Int32)] = []
        for bits in (0..<background.shape[0]).map({ e.holding(paths, path, background, row: $0) }).sorted() {
            if let last = out.last, last.bits == bits { out[out.count - 1].rows += 1 } else { out.append((bits, 1)) }
        }
        return out
    }
}
