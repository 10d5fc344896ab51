extension Ops {
    /// `docs/operators.md`: every operator with its operands, attributes and place in ONNX, from the declarations.
    public static func listing() -> String {
        var out = """
            # Operators

            \(all.count) operators, sorted by name. This page is written by `maxai-inspect --operators`; a test holds it against the
            declarations in `Sources/MaxIR/Ops`. Every operator is evaluated by the reference evaluator; the source of its rule
            is named. *ONNX* is the operator that it is read from and written to, and the oldest operator set whose form is ours:
            older forms are upgraded when a model is read. Where it is empty, the operator comes from an importer or a rewrite.

            An operand in brackets may be left out; one with … may be repeated. An attribute after `=` has that default, one with
            `?` may be left out, and any other must be given.


            """
        for op in all.sorted(by: { $0.name < $1.name }) {
            out += "## \(op.name)\n\n\(op.summary)\n\n"
            if let onnx = op.onnx {
                out += "- ONNX: \(onnx.domain.isEmpty ? "" : "\(onnx.domain) ")\(onnx.opType), since \(onnx.since)\n"
            }
            if !op.operands.isEmpty { out += "- operands: \(op.operands.map(\.listing).joined(separator: "; "))\n" }
            if !op.attributes.isEmpty { out += "- attributes: \(op.attributes.map(\.listing).joined(separator: ", "))\n" }
            switch op.results {
            case .exactly(1): break
            case .exactly(let count): out += "- results: \(count)\n"
            case .upTo(let count): out += "- results: 1 to \(count)\n"
            }
            out += "\n"
        }
        while out.hasSuffix("\n\n") { out.removeLast() }
        return out
    }
}

extension OperandSpec {
    fileprivate var listing: String {
        let place = isOptional ? "[`\(name)`]" : "`\(name)`\(isVariadic ? " …" : "")"
        return "\(place) \(Self.describe(types))"
    }

    private static func describe(_ types: Set<ElementType>?) -> String {
        guard let types else { return "any value" }
        let named: [(Set<ElementType>, String)] = [
            (.all, "any tensor"), (.numericOrBool, "number or bool"), (.numeric, "number"), (.floats, "float"), (.integers, "integer"),
        ]
        return named.first { $0.0 == types }?.1 ?? types.sorted { $0.code < $1.code }.map(\.rawValue).joined(separator: ", ")
    }
}

extension AttributeSpec {
    fileprivate var listing: String {
        if let defaultValue { return "`\(name)` = \(defaultValue.listing)" }
        return "`\(name)`\(isRequired ? "" : "?") \(kind)"
    }
}

extension Attribute {
    fileprivate var listing: String {
        switch self {
        case .int(let x): "\(x)"
        case .float(let x): "\(x)"
        case .string(let x): x.quoted
        case .ints(let x): "\(x)"
        case .floats(let x): "\(x)"
        case .strings(let x): "[\(x.map(\.quoted).joined(separator: ", "))]"
        case .type(let x): x.rawValue
        case .tensor(let x): "\(x.type)"
        }
    }
}
