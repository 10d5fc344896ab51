import MaxIR

/// Removes casts that change nothing and merges chains: `cast(cast(x, B), C)` becomes `cast(x, C)`.
///
/// Fires only where the two give the same bits for every value: B holds every value of x's type A, or A, B, C
/// are integers and B is at least as wide as C (both keep the low bits). Does not fire for a C that is a text
/// unless A and B are integers: the number of digits written follows the type that is written.
struct MergeCasts: RewriteRule {
    let name = "merge-casts"
    let equation = "cast(x, type of x) = x; cast(cast(x, B), C) = cast(x, C) where B loses nothing"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.cast, let operand = node.operands[0], let to = node.castTarget else { return nil }
        if graph.tensorType(of: operand)?.element == to { return .replacing(node, with: operand, in: graph) }
        guard let inner = graph.producer(of: operand, as: Ops.cast), let source = inner.operands[0],
            let via = inner.castTarget, let from = graph.tensorType(of: source)?.element,
            Self.isMergeable(from, via, to)
        else { return nil }
        return .replacing(node, with: Ops.cast, [source], ["to": .type(to)], in: graph)
    }

    static func isMergeable(_ a: ElementType, _ b: ElementType, _ c: ElementType) -> Bool {
        let (x, y, z) = (a.plain, b.plain, c.plain)
        if c == .string { return x.isInteger && y.isInteger && holdsAll(of: x, y) }
        if holdsAll(of: x, y) { return true }
        guard x.isInteger, y.isInteger, z.isInteger, let via = y.byteCount, let to = z.byteCount else { return false }
        return via >= to
    }

    /// Whether `wide` has every value of `narrow`.
    static func holdsAll(of narrow: ElementType, _ wide: ElementType) -> Bool {
        if narrow == wide { return true }
        if narrow == .string || wide == .string || wide == .bool { return false }
        if narrow == .bool { return true }
        if narrow.isFloat {
            switch (narrow, wide) {
            case (.f32, .f64), (.f16, .f32), (.f16, .f64), (.bf16, .f32), (.bf16, .f64): return true
            default: return false
            }
        }
        guard let bits = narrow.valueBits else { return false }
        if wide.isFloat { return bits <= wide.significandBits }
        guard let room = wide.valueBits else { return false }
        return bits <= room && (narrow.isUnsignedInteger || wide.isSignedInteger)
    }
}

extension Node {
    fileprivate var castTarget: ElementType? { if case .type(let type)? = attributes["to"] { type } else { nil } }
}

extension ElementType {
    /// Timestamps are cast as the i64 that they are.
    fileprivate var plain: ElementType { self == .timestamp ? .i64 : self }

    /// Bits of an integer's magnitude.
    fileprivate var valueBits: Int? {
        guard isInteger, let byteCount else { return nil }
        return byteCount * 8 - (isSignedInteger ? 1 : 0)
    }

    fileprivate var significandBits: Int {
        switch self {
        case .f64: 53
        case .f32: 24
        case .f16: 11
        case .bf16: 8
        default: 0
        }
    }
}
