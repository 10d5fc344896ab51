extension Ops {
    /// - Operand: `[C]` or `[N, C]` of words or word numbers. Result: f32, a column per n-gram.
    /// - Attributes: `pool_…` holds the n-grams one after another, those of one word first; entry i of `ngram_counts`
    ///   is where those of i + 1 words start; `ngram_indexes` gives the column of each, `weights` its weight.
    public static let tfIdfVectorizer = Operator(
        "tf_idf_vectorizer",
        "Counts of n-grams with up to `max_skip_count` words between: as they are (TF), as weights where found (IDF), or their product (TFIDF). Source: ONNX TfIdfVectorizer.",
        operands: [.one("x", [.i64, .i32, .string])],
        attributes: [
            .required("max_gram_length", .int), .required("max_skip_count", .int), .required("min_gram_length", .int),
            .required("mode", .string), .required("ngram_counts", .ints), .required("ngram_indexes", .ints),
            .optional("pool_int64s", .ints), .optional("pool_strings", .strings), .optional("weights", .floats),
        ],
        onnx: ONNXMapping("TfIdfVectorizer", since: 9),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            let grams = try NGrams(node, isText: x.element == .string)
            guard let shape = x.shape else { return [.tensor(TensorType(.f32, nil))] }
            guard shape.count == 1 || shape.count == 2 else { throw MaxError(.malformed, "operand is \(x), expected [C] or [N, C]") }
            return [.tensor(TensorType(.f32, shape.dropLast() + [.fixed(grams.width)]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank == 1 || x.rank == 2 else { throw node.malformed("operand has shape \(x.shape)") }
            let isText = x.elementType == .string
            let grams = try NGrams(node, isText: isText)
            let words: [NGrams.Word]
            if isText {
                words = try node.values(0, as: Text.self).map { .text($0) }
            } else {
                words = try Selecting.integers(x).map { .number($0) }
            }
            let rows = x.rank == 1 ? 1 : x.shape[0]
            let length = x.shape[x.rank - 1]
            _ = try elementCount(of: [rows, grams.width], limit: Limits.evaluatedElements)
            let out = (0..<rows).flatMap { grams.row(words[($0 * length)..<(($0 + 1) * length)]) }
            return [.tensor(Tensor(out, shape: x.shape.dropLast() + [grams.width]))]
        })

    static let ngrams = [tfIdfVectorizer]
}

/// The n-grams of a `tf_idf_vectorizer`, checked.
private struct NGrams {
    enum Word: Hashable { case text(Text), number(Int64) }
    /// The column and weight of each n-gram.
    var known: [[Word]: (column: Int, weight: Float)] = [:]
    let lengths: ClosedRange<Int>
    let skips: Int
    let mode: String
    let width: Int

    static let longest: Int64 = 1 << 10

    init(_ node: some OperatorNode, isText: Bool) throws(MaxError) {
        let (low, high, skips) = (try node.int("min_gram_length"), try node.int("max_gram_length"), try node.int("max_skip_count"))
        guard low >= 1, high >= low, high <= Self.longest, skips >= 0, skips <= Self.longest else {
            throw MaxError(.malformed, "n-grams of \(low) to \(high) words with \(skips) skipped")
        }
        (lengths, self.skips) = (Int(low)...Int(high), Int(skips))
        mode = try node.string("mode").string
        guard ["TF", "IDF", "TFIDF"].contains(mode) else { throw MaxError(.malformed, "mode: found '\(mode)', expected TF, IDF or TFIDF") }
        let pool: [Word] =
            isText
            ? (node.optionalStrings("pool_strings") ?? []).map { .text($0) } : (node.optionalInts("pool_int64s") ?? []).map { .number($0) }
        let (starts, columns) = (try node.ints("ngram_counts"), try node.ints("ngram_indexes"))
        let weights = (node.optionalFloats("weights") ?? []).map { Float($0) }
        guard weights.isEmpty || weights.count == columns.count else {
            throw MaxError(.malformed, "\(weights.count) weights for \(columns.count) n-grams")
        }
        guard let largest = columns.max(), let smallest = columns.min(), smallest >= 0, largest < Int64(Limits.evaluatedElements) else {
            throw MaxError(.malformed, "ngram_indexes is empty, or has an entry out of range")
        }
        width = Int(largest) + 1
        guard Int64(starts.count) <= Self.longest else { throw MaxError(.malformed, "ngram_counts has \(starts.count) entries") }
        var position = 0
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : Int64(pool.count)
            guard start >= 0, end >= start, end <= Int64(pool.count), (end - start) % Int64(index + 1) == 0 else {
                throw MaxError(.malformed, "ngram_counts \(starts) for a pool of \(pool.count)")
            }
            for at in stride(from: Int(start), to: Int(end), by: index + 1) {
                guard position < columns.count else { throw MaxError(.malformed, "\(columns.count) ngram_indexes, expected more") }
                known[Array(pool[at...(at + index)])] = (Int(columns[position]), weights.isEmpty ? 1 : weights[position])
                position += 1
            }
        }
    }

    func row(_ words: ArraySlice<Word>) -> [Float] {
        var out = [Float](repeating: 0, count: width)
        for length in lengths {
            for skip in 0...(length == 1 ? 0 : skips) {
                let reach = (length - 1) * (skip + 1)
                guard reach < words.count else { break }
                for start in words.indices where start + reach < words.endIndex {
                    let gram = (0..<length).map { words[start + $0 * (skip + 1)] }
                    guard let (column, weight) = known[gram] else { continue }
                    switch mode {
                    case "TF": out[column] += 1
                    case "IDF": out[column] = weight
                    default: out[column] += weight
                    }
                }
            }
        }
        return out
    }
}
