import MaxIR

/// Evidence that two programs agree: what was compared, and a digest of what both gave.
public struct Proof: Sendable, Hashable {
    /// Rows whose outputs were compared.
    public var rows = 0
    public var batches = 0
    /// Output tensors compared, over all batches.
    public var outputs = 0
    /// Rows that both refuse with an error.
    public var refused = 0
    /// Rows that the original refuses and the candidate answers: a node that nobody reads was removed.
    public var refusedByOriginalAlone = 0
    /// FNV-1a over all outputs of the original, every NaN alike, as 16 hexadecimal digits.
    public var digest = ""
}

/// The first difference found.
public struct Difference: Sendable, Hashable, CustomStringConvertible {
    public var output: Text
    public var batch: Int
    /// The row, and the position in it.
    public var row: Int
    public var element: Int
    public var original: String
    public var candidate: String

    public var description: String {
        "output \(output.quoted), batch \(batch), row \(row), element \(element): original \(original), candidate \(candidate)"
    }
}

extension Proof {
    /// Runs the reference evaluator on both graphs and compares bit for bit; a NaN equals any NaN.
    ///
    /// Inputs and outputs are matched by position of the original; inputs that `optimized` has dropped are left out.
    ///
    /// - Parameter rows: batches of arguments of `original`.
    /// - Throws: `.internal` with the first difference; `.malformed` when the signatures do not match.
    public static func prove(
        original: Graph, optimized: Graph, rows: AdversarialRows
    ) throws(MaxError) -> Proof {
        var kept: [Int] = []
        for input in optimized.inputs {
            guard let index = original.inputs.firstIndex(where: { $0.name == input.name }) else {
                throw MaxError(.malformed, "proof: input \(input.name.quoted) is not one of the original")
            }
            kept.append(index)
        }
        return try prove(original: original, rows: rows) { arguments throws(MaxError) in
            try optimized.evaluate(kept.map { arguments[$0] })
        }
    }

    /// Compares a graph with any program of its signature.
    public static func prove(
        original: Graph, rows: AdversarialRows, candidate: ([Value]) throws(MaxError) -> [Value]
    ) throws(MaxError) -> Proof {
        var comparison = Comparison(original: original)
        for (index, batch) in rows.batches.enumerated() {
            try comparison.compare(batch, rows: rows.rows[index], index: index, candidate)
        }
        return comparison.finish()
    }
}

private struct Comparison {
    let original: Graph
    private var proof = Proof()
    private var digest = FNV()

    init(original: Graph) { self.original = original }

    mutating func compare(
        _ batch: [Value], rows: Int, index: Int, _ candidate: ([Value]) throws(MaxError) -> [Value]
    ) throws(MaxError) {
        proof.batches += 1
        do throws(MaxError) {
            let expected = try original.evaluate(batch)
            try compare(expected, try answer(batch, index, candidate), rows: rows, batch: index)
        } catch  where rows > 1 && error.code != .internal {
            // Some row is refused: each on its own, so that the others still count.
            for row in 0..<rows {
                let single = batch.map { $0.row(row, of: rows) }
                guard let expected = try? original.evaluate(single) else {
                    if (try? candidate(single)) == nil { proof.refused += 1 } else { proof.refusedByOriginalAlone += 1 }
                    continue
                }
                try compare(expected, try answer(single, index, candidate), rows: 1, batch: index, firstRow: row)
            }
        } catch  where error.code != .internal {
            if (try? candidate(batch)) == nil { proof.refused += rows } else { proof.refusedByOriginalAlone += rows }
        }
    }

    private func answer(
        _ batch: [Value], _ index: Int, _ candidate: ([Value]) throws(MaxError) -> [Value]
    ) throws(MaxError) -> [Value] {
        do throws(MaxError) { return try candidate(batch) } catch {
            throw MaxError(.internal, "proof: batch \(index): the original answers, the candidate refuses: \(error.message)")
        }
    }

    private mutating func compare(
        _ expected: [Value], _ found: [Value], rows: Int, batch: Int, firstRow: Int = 0
    ) throws(MaxError) {
        guard expected.count == found.count else {
            throw MaxError(.internal, "proof: \(found.count) outputs, expected \(expected.count)")
        }
        for (port, pair) in zip(original.outputs, zip(expected, found)) {
            let (a, b) = (pair.0.flattened, pair.1.flattened)
            guard a.count == b.count, zip(a, b).allSatisfy({ $0.shape == $1.shape && $0.elementType == $1.elementType }) else {
                throw MaxError(
                    .internal,
                    "proof: output \(port.name.quoted), batch \(batch): original \(pair.0.typeDescription), candidate \(pair.1.typeDescription)"
                )
            }
            for (x, y) in zip(a, b) {
                if let position = x.firstDifference(from: y) {
                    let width = max(1, x.count / max(1, x.shape.first ?? 1))
                    let difference = Difference(
                        output: port.name, batch: batch, row: firstRow + position / width, element: position % width,
                        original: x.describe(position), candidate: y.describe(position))
                    throw MaxError(.internal, "proof: \(difference)")
                }
                digest.mix(x)
                proof.outputs += 1
            }
        }
        proof.rows += rows
    }

    func finish() -> Proof {
        var out = proof
        out.digest = digest.digits
        return out
    }
}
