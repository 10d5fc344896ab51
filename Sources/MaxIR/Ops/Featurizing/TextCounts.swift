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
            for (row, text) in texts.enumerated() { counter.count(text, into: &out, at: row * counter.columns) }
            return [.tensor(Tensor(out, shape: [texts.count, counter.columns]))]
        })
}

/// `Ops.textCounts`, read from its attributes.
public struct TextCounter: Sendable {
    public let analyzer: TextAnalyzer
    let places: [Text: Int]?
    let columns: Int
    let seed: UInt32
    let isSigned: Bool
    let isBinary: Bool
    let isSublinear: Bool
    let weights: [Double]?
    let norm: String
    let missing: Text?
    /// What one node may have.
    static let maximumColumns = 1 << 20

    init(_ node: some OperatorNode) throws(MaxError) {
        analyzer = try TextAnalyzer(node)
        if let vocabulary = node.optionalStrings("vocabulary") {
            guard !vocabulary.isEmpty else { throw MaxError(.malformed, "vocabulary: it is empty") }
            places = Dictionary(zip(vocabulary, 0...), uniquingKeysWith: { first, _ in first })
            columns = vocabulary.count
        } else {
            let buckets = try node.int("buckets")
            guard (1...Int64(Self.maximumColumns)).contains(buckets) else {
                throw MaxError(.malformed, "buckets: found \(buckets), expected 1 to \(Self.maximumColumns), or a vocabulary")
            }
            places = nil
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
        norm = try node.string("norm").string
        guard ["none", "l1", "l2"].contains(norm) else {
            throw MaxError(.malformed, "norm: found \(Text(norm).quoted), expected none, l1 or l2")
        }
        missing = node.optionalString("missing")
    }

    func count(_ text: Text, into out: inout [Double], at start: Int) {
        guard text != missing else { return }
        analyzer.forEachGram(of: text) { gram in
            if let places {
                if let place = places[gram] { out[start + place] += 1 }
            } else {
                let hash = gram.utf8.withUnsafeBytes { MurmurHash.hash32($0, seed: seed) }
                out[start + Int(abs(hash) % Int64(columns))] += isSigned && hash < 0 ? -1 : 1
            }
        }
        var sum = 0.0
        for column in start..<start + columns where out[column] != 0 {
            if isBinary { out[column] = 1 }
            if isSublinear { out[column] = out[column] < 0 ? -(1 + log(-out[column])) : 1 + log(out[column]) }
            if let weights { out[column] *= weights[column - start] }
            sum += norm == "l1" ? abs(out[column]) : out[column] * out[column]
        }
        guard norm != "none", sum > 0 else { return }
        let length = norm == "l1" ? sum : sum.squareRoot()
        for column in start..<start + columns where out[column] != 0 { out[column] /= length }
    }
}
