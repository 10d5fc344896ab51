import Glibc

extension Ops {
    /// Counts of words or pieces of texts, by hash or by vocabulary, weighed and normalized: what scikit-learn's
    /// `CountVectorizer`, `TfidfVectorizer` and `HashingVectorizer` compute.
    ///
    /// - Operand `x`: texts `[N]`. Result: f64 `[N, K]`.
    /// - Attributes:
    ///   - `analyzer`: `word`: runs of at least two letters, digits or underscores; `char`: characters, two and more white ones in a row being one space; `whole`: the text itself.
    ///   - `least`, `most`: lengths of n-grams; words of one are joined by a space.
    ///   - `lower`: 1 to lower-case first, by Unicode's full rules without a language.
    ///   - `vocabulary`: the n-grams counted, one column each; without it, `buckets` columns and MurmurHash3 with `seed`, the
    ///     absolute value of the signed hash modulo `buckets`; with `signed` 1, a negative hash counts -1.
    ///   - `weights`: one per column; counts are multiplied with it. `binary`: counts above 0 are 1 before that.
    ///   - `sublinear`: 1 + log(count), with the sign of the count. `norm`: `none`, `l1` or `l2`.
    ///   - `missing`: a text that gives zeros.
    /// - Source: scikit-learn `feature_extraction.text`.
    public static let textCounts = Operator(
        "text_counts",
        "Counts of words or characters of texts by vocabulary or hash, weighed and normalized. Source: scikit-learn feature_extraction.text.",
        operands: [.one("x", [.string])],
        attributes: [
            .defaulted("analyzer", .string("word")), .defaulted("least", .int(1)), .defaulted("most", .int(1)),
            .defaulted("lower", .int(1)),
            .optional("vocabulary", .strings), .defaulted("buckets", .int(0)), .defaulted("seed", .int(0)), .defaulted("signed", .int(0)),
            .optional("weights", .floats), .defaulted("binary", .int(0)), .defaulted("sublinear", .int(0)),
            .defaulted("norm", .string("none")), .optional("missing", .string),
        ],
        infer: { node throws(MaxError) in
            let counter = try TextCounter(node)
            let shape = try node.tensorType(0).shape
            guard shape == nil || shape?.count == 1 else {
                throw MaxError(.malformed, "operand is \(try node.tensorType(0)), expected rank 1")
            }
            return [.tensor(TensorType(.f64, [shape?.first ?? .unknown, .fixed(counter.columns)]))]
        },
        evaluate: { node throws(MaxError) in
            let counter = try TextCounter(node)
            let texts = try node.values(0, as: Text.self)
            var out = [Double](repeating: 0, count: try elementCount(of: [texts.count, counter.columns], limit: Limits.evaluatedElements))
            var scratch = counter.makeScratch()
            for (row, text) in texts.enumerated() {
                text.utf8.withUnsafeBufferPointer { bytes in
                    counter.count(bytes, &scratch) { column, value in out[row * counter.columns + column] = value }
                }
            }
            return [.tensor(Tensor(out, shape: [texts.count, counter.columns]))]
        })
}

/// `Ops.textCounts`, read from its attributes.
public struct TextCounter: Sendable {
    public let analyzer: TextAnalyzer
    /// The vocabulary, and the column of each of its texts.
    let vocabulary: (index: TextIndex, columns: [Int])?
    package let columns: Int
    let seed: UInt32
    let isSigned: Bool
    let isBinary: Bool
    let isSublinear: Bool
    let weights: [Double]?
    let norm: Norm
    enum Norm: String { case none, l1, l2 }
    let missing: [UInt8]?
    /// What one node may have.
    static let maximumColumns = 1 << 20

    package init(_ node: some OperatorNode) throws(MaxError) {
        analyzer = try TextAnalyzer(node)
        if let vocabulary = node.optionalStrings("vocabulary") {
            guard !vocabulary.isEmpty else { throw MaxError(.malformed, "vocabulary: it is empty") }
            var index = TextIndex()
            var places: [Int] = []
            for (column, text) in vocabulary.enumerated() where text.utf8.withUnsafeBufferPointer({ index.insert($0) }) == places.count {
                places.append(column)
            }
            self.vocabulary = (index, places)
            columns = vocabulary.count
        } else {
            let buckets = try node.int("buckets")
            guard (1...Int64(Self.maximumColumns)).contains(buckets) else {
                throw MaxError(.malformed, "buckets: found \(buckets), expected 1 to \(Self.maximumColumns), or a vocabulary")
            }
            vocabulary = nil
            columns = Int(buckets)
        }
        guard let seed = UInt32(exactly: try node.int("seed")) else {
            throw MaxError(.malformed, "seed: found \(try node.int("seed")), expected 32 bits")
        }
        self.seed = seed
        isSigned = try node.flag("signed")
        isBinary = try node.flag("binary")
        isSublinear = try node.flag("sublinear")
        weights = node.optionalFloats("weights")
        if let weights, weights.count != columns { throw MaxError(.malformed, "\(weights.count) weights for \(columns) columns") }
        let norm = try node.string("norm")
        guard let known = Norm(rawValue: norm.string) else {
            throw MaxError(.malformed, "norm: found \(norm.quoted), expected none, l1 or l2")
        }
        self.norm = known
        missing = node.optionalString("missing").map { Array($0.utf8) }
    }

    /// What counting writes on: a row of zeros between two texts.
    package struct Scratch {
        var units = TextUnits()
        var row: [Double]
        var touched: [Int] = []
    }

    package func makeScratch() -> Scratch { Scratch(row: [Double](repeating: 0, count: columns)) }

    /// Calls `body` with the columns of a text that are not 0, ascending, and their values.
    package func count(_ text: UnsafeBufferPointer<UInt8>, _ scratch: inout Scratch, _ body: (Int, Double) -> Void) {
        if let missing, missing.count == text.count, missing.elementsEqual(text) { return }
        analyzer.forEachGram(of: text, in: &scratch.units) { gram in
            let (column, step) = place(gram)
            guard column >= 0 else { return }
            if scratch.row[column] == 0 { scratch.touched.append(column) }
            scratch.row[column] += step
        }
        scratch.touched.sort()
        var sum = 0.0
        var last = -1
        for column in scratch.touched where column != last {
            last = column
            var value = scratch.row[column]
            guard value != 0 else { continue }
            if isBinary { value = 1 }
            if isSublinear { value = value < 0 ? -(1 + log(-value)) : 1 + log(value) }
            if let weights { value *= weights[column] }
            sum += norm == .l1 ? abs(value) : value * value
            scratch.row[column] = value
        }
        let length = norm == .none || !(sum > 0) ? 1 : norm == .l1 ? sum : sum.squareRoot()
        for column in scratch.touched {
            let value = scratch.row[column]
            // The second of two visits finds 0, as a sum that cancelled does.
            if value != 0 { body(column, value / length) }
            scratch.row[column] = 0
        }
        scratch.touched.removeAll(keepingCapacity: true)
    }

    /// The column of an n-gram and what it counts there; -1 for one that is not counted.
    private func place(_ gram: UnsafeBufferPointer<UInt8>) -> (column: Int, step: Double) {
        if let vocabulary { return (vocabulary.index.find(gram).map { vocabulary.columns[$0] } ?? -1, 1) }
        let hash = MurmurHash.hash32(UnsafeRawBufferPointer(gram), seed: seed)
        return (Int(abs(hash) % Int64(columns)), isSigned && hash < 0 ? -1 : 1)
    }
}
