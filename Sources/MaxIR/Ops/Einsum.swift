extension Ops {
    /// Sums run over the labels that the result lacks, in the order in which they appear, the last fastest.
    public static let einsum = Operator(
        "einsum", "Sums of products of elements, over the labels that `equation` gives to the axes. Source: ONNX Einsum; numpy.einsum.",
        operands: [.many("x", .floats)], attributes: [.required("equation", .string)], onnx: ONNXMapping("Einsum", since: 12),
        infer: { node throws(MaxError) in
            let first = try node.tensorType(0)
            var shapes: [[Dimension]] = []
            for index in node.operands.indices {
                let type = try node.tensorType(index)
                guard type.element == first.element else { throw MaxError(.malformed, "operands of different element types") }
                guard let shape = type.shape else { return [.tensor(TensorType(first.element, nil))] }
                shapes.append(shape)
            }
            let equation = try Equation(try node.string("equation"), ranks: shapes.map(\.count))
            var extents: [Int: Dimension] = [:]
            for (labels, shape) in zip(equation.operands, shapes) {
                for (label, extent) in zip(labels, shape) where (extents[label] ?? .fixed(1)).isOneOrUnknown { extents[label] = extent }
            }
            return [.tensor(TensorType(first.element, equation.result.map { extents[$0] ?? .unknown }))]
        },
        evaluate: { node throws(MaxError) in
            var shapes: [[Int]] = []
            for index in node.operands.indices { shapes.append(try node.tensor(index).shape) }
            let equation = try Equation(try node.string("equation"), ranks: shapes.map(\.count))
            var extents: [Int: Int] = [:]
            for (labels, shape) in zip(equation.operands, shapes) {
                for (label, extent) in zip(labels, shape) {
                    let known = extents[label] ?? 1
                    guard known == extent || known == 1 || extent == 1 else {
                        throw node.malformed("a label stands for extents \(known) and \(extent)")
                    }
                    extents[label] = known == 1 ? extent : known
                }
            }
            let order = equation.result + equation.summed
            let shape = equation.result.map { extents[$0] ?? 1 }
            let all = order.map { extents[$0] ?? 1 }
            _ = try elementCount(of: all, limit: Limits.evaluatedElements)
            let sources = zip(equation.operands, shapes).map { labels, shape in
                let strides = Shaping.strides(shape)
                let along = order.map { label in
                    labels.indices.reduce(0) { $0 + (labels[$1] == label && shape[$1] > 1 ? strides[$1] : 0) }
                }
                return Shaping.positions(all, strides: along)
            }
            let body = EinsumBody(
                sources: sources, summed: equation.summed.reduce(1) { $0 * (extents[$1] ?? 1) }, count: shape.reduce(1, *))
            return [.tensor(try node.floats(Array(node.operands.indices), shape, body))]
        })

    static let einsums = [einsum]
}

extension Dimension {
    fileprivate var isOneOrUnknown: Bool { self == .fixed(1) || self == .unknown }
}

/// The labels of all axes: letters by their code, axes of an ellipsis from 256 on, counted from the last.
private struct Equation {
    var operands: [[Int]] = []
    var result: [Int] = []
    var summed: [Int] = []

    init(_ text: Text, ranks: [Int]) throws(MaxError) {
        func wrong(_ reason: String) -> MaxError { MaxError(.malformed, "equation \(text.quoted): \(reason)") }
        let characters = text.string.utf8.filter { $0 != UInt8(ascii: " ") }
        guard characters.count <= 1 << 10 else { throw wrong("longer than 1024 characters") }
        var sides = [characters[...]]
        if let arrow = characters.firstIndex(of: UInt8(ascii: "-")) {
            guard arrow + 1 < characters.count, characters[arrow + 1] == UInt8(ascii: ">") else { throw wrong("'-' without '>'") }
            sides = [characters[..<arrow], characters[(arrow + 2)...]]
        }
        let terms = sides[0].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard terms.count == ranks.count else { throw wrong("\(terms.count) terms for \(ranks.count) operands") }
        var widest = 0
        for (term, rank) in zip(terms, ranks) {
            let letters = term.count(where: { $0 != UInt8(ascii: ".") })
            let hasEllipsis = letters < term.count
            guard letters == rank || hasEllipsis && letters < rank || hasEllipsis && letters == rank else {
                throw wrong("\(letters) labels for rank \(rank)")
            }
            widest = max(widest, rank - letters)
            guard let labels = Self.labels(term, ellipsis: rank - letters) else {
                throw wrong("found something else than letters and '...'")
            }
            operands.append(labels)
        }
        let used = operands.flatMap { $0 }
        if sides.count == 2 {
            guard let labels = Self.labels(sides[1], ellipsis: widest), Set(labels).count == labels.count,
                labels.allSatisfy({ used.contains($0) })
            else { throw wrong("a result of repeated or unknown labels") }
            result = labels
        } else {
            let once = Set(used.filter { $0 < 256 }).filter { label in used.count(where: { $0 == label }) == 1 }
            result = (0..<widest).reversed().map { 256 + $0 } + once.sorted()
        }
        for label in used where !result.contains(label) && !summed.contains(label) { summed.append(label) }
    }

    /// nil where there is something else than letters and at most one ellipsis.
    private static func labels(_ term: ArraySlice<UInt8>, ellipsis: Int) -> [Int]? {
        var out: [Int] = []
        var rest = term
        var hasEllipsis = false
        while let next = rest.popFirst() {
            if next == UInt8(ascii: ".") {
                guard !hasEllipsis, rest.popFirst() == next, rest.popFirst() == next else { return nil }
                hasEllipsis = true
                out += (0..<ellipsis).reversed().map { 256 + $0 }
            } else {
                guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(next) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(next)
                else {
                    return nil
                }
                out.append(Int(next))
            }
        }
        return out
    }
}

private struct EinsumBody: FloatBody {
    /// Per operand: the element of each product, those of one result in a row.
    let sources: [[Int]]
    let summed: Int, count: Int

    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        (0..<count).map { place in
            (0..<summed).reduce(F(0)) { total, step in
                var product: F = 1
                for (source, operand) in zip(sources, operands) { product *= operand[source[place * summed + step]] }
                return total + product
            }
        }
    }
}
