/// Operators on texts, without a locale.
extension Ops {
    /// - Operand: `[C]` or `[1, C]`. When every text is a stop word the result is one empty text.
    public static let stringNormalizer = Operator(
        "string_normalizer",
        "Texts without stop words, in lower or upper case if asked; `locale` is ignored. Source: ONNX StringNormalizer.",
        operands: [.one("x", [.string])],
        attributes: [
            .defaulted("case_change_action", .string("NONE")), .defaulted("is_case_sensitive", .int(0)),
            .optional("locale", .string), .optional("stopwords", .strings),
        ],
        onnx: ONNXMapping("StringNormalizer", since: 10),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard ["NONE", "LOWER", "UPPER"].contains(try node.string("case_change_action").string) else {
                throw MaxError(
                    .malformed, "case_change_action: found \(try node.string("case_change_action").quoted), expected NONE, LOWER or UPPER")
            }
            guard let shape = x.shape else { return [.tensor(x)] }
            guard shape.count == 1 || (shape.count == 2 && shape[0].fixed ?? 1 == 1) else {
                throw MaxError(.malformed, "operand is \(x), expected [C] or [1, C]")
            }
            let isKept = (node.optionalStrings("stopwords") ?? []).isEmpty && shape[shape.count - 1].fixed ?? 0 > 0
            return [.tensor(isKept ? x : TensorType(.string, shape.dropLast() + [.unknown]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank == 1 || (x.rank == 2 && x.shape[0] == 1) else { throw node.malformed("operand has shape \(x.shape)") }
            let isSensitive = try node.flag("is_case_sensitive")
            let action = try node.string("case_change_action").string
            func key(_ text: Text) -> Text { isSensitive ? text : Text(text.string.lowercased()) }
            let stopwords = Set((node.optionalStrings("stopwords") ?? []).map(key))
            var out = try node.values(0, as: Text.self).filter { !stopwords.contains(key($0)) }
            switch action {
            case "LOWER": out = out.map { Text($0.string.lowercased()) }
            case "UPPER": out = out.map { Text($0.string.uppercased()) }
            default: break
            }
            if out.isEmpty { out = [""] }
            return [.tensor(Tensor(out, shape: x.shape.dropLast() + [out.count]))]
        })

    public static let stringConcat = Operator(
        "string_concat", "a followed by b. Source: ONNX StringConcat.",
        operands: [.one("a", [.string]), .one("b", [.string])], onnx: ONNXMapping("StringConcat", since: 20),
        infer: inferBroadcast,
        evaluate: { node throws(MaxError) in
            let (a, b) = (try node.tensor(0), try node.tensor(1))
            let shape = try Broadcast.shapes(a.shape, b.shape)
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            let (x, y) = (try node.values(0, as: Text.self), try node.values(1, as: Text.self))
            let from = Broadcast.sources(from: b.shape, to: shape)
            let out = Broadcast.sources(from: a.shape, to: shape).enumerated().map {
                Text(utf8: x[$1].utf8 + y[from[$0]].utf8)
            }
            return [.tensor(Tensor(out, shape: shape))]
        })

    /// - Results: the parts, padded with empty texts to one extent, and how many there are.
    public static let stringSplit = Operator(
        "string_split",
        "Texts split at `delimiter`, or at runs of white space, at most `maxsplit` times. Source: ONNX StringSplit.",
        operands: [.one("x", [.string])], attributes: [.optional("delimiter", .string), .optional("maxsplit", .int)],
        results: .exactly(2), onnx: ONNXMapping("StringSplit", since: 20),
        infer: { node throws(MaxError) in
            let shape = try node.tensorType(0).shape
            if let shape, shape.count >= Limits.rank { throw MaxError(.limitExceeded, "rank above \(Limits.rank)") }
            return [.tensor(TensorType(.string, shape.map { $0 + [.unknown] })), .tensor(TensorType(.i64, shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let delimiter = node.optionalString("delimiter")?.utf8 ?? []
            let most = Int(clamping: node.optionalInt("maxsplit") ?? -1)
            let parts = try node.values(0, as: Text.self).map { split($0.utf8, delimiter, most < 0 ? .max : most) }
            let width = parts.map(\.count).max() ?? 0
            _ = try elementCount(of: x.shape + [width], limit: Limits.evaluatedElements)
            let padded = parts.flatMap { $0 + Array(repeating: Text(""), count: width - $0.count) }
            return [
                .tensor(Tensor(padded, shape: x.shape + [width])),
                .tensor(Tensor(parts.map { Int64($0.count) }, shape: x.shape)),
            ]
        })

    static let strings = [stringNormalizer, stringConcat, stringSplit, stringHash, murmurHash]

    /// Python's `str.split`: without a delimiter, at runs of ASCII white space, and no part is empty.
    private static func split(_ bytes: [UInt8], _ delimiter: [UInt8], _ most: Int) -> [Text] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        var parts: [Text] = []
        var at = 0
        if delimiter.isEmpty {
            while true {
                while at < bytes.count, isSpace(bytes[at]) { at += 1 }
                guard at < bytes.count else { return parts }
                guard parts.count < most else { return parts + [Text(utf8: Array(bytes[at...]))] }
                let start = at
                while at < bytes.count, !isSpace(bytes[at]) { at += 1 }
                parts.append(Text(utf8: Array(bytes[start..<at])))
            }
        }
        var start = 0
        while parts.count < most, at + delimiter.count <= bytes.count {
            if bytes[at..<(at + delimiter.count)].elementsEqual(delimiter) {
                parts.append(Text(utf8: Array(bytes[start..<at])))
                at += delimiter.count
                start = at
            } else {
                at += 1
            }
        }
        return parts + [Text(utf8: Array(bytes[start...]))]
    }
}
