/// Reads the text form (`GraphText`) into a graph, building and checking node by node.
struct GraphParser {
    var cursor: TextCursor
    let constants: [String: Tensor]
    private var named: [Text: ValueID] = [:]
    private var numbered: [Int: ValueID] = [:]

    /// - Throws: `.limitExceeded` above `Limits.textBytes`.
    init(_ text: GraphText) throws(MaxError) {
        guard text.text.utf8.count <= Limits.textBytes else {
            throw MaxError(.limitExceeded, "graph text: \(text.text.utf8.count) bytes, at most \(Limits.textBytes)")
        }
        cursor = TextCursor(text.text)
        constants = text.constants
    }

    /// A value as written: by number or by name.
    private enum Reference {
        case number(Int), name(Text)
    }

    private struct Output {
        var name: Text
        var value: Reference
        var place: Int
        var type: ValueType?
        var labels: [Text]
    }

    mutating func graph() throws(MaxError) -> Graph {
        try cursor.expect("graph")
        try cursor.expect("@")
        var builder = GraphBuilder(name: try cursor.name("a name"))
        try cursor.expect("(")
        if !cursor.accept(")") {
            repeat { try input(&builder) } while cursor.accept(",")
            try cursor.expect(")")
        }
        try cursor.expect("->")
        try cursor.expect("(")
        var outputs: [Output] = []
        if !cursor.accept(")") {
            repeat { outputs.append(try output()) } while cursor.accept(",")
            try cursor.expect(")")
        }
        try cursor.expect("{")
        while !cursor.accept("}") { try node(&builder) }
        cursor.skipBlanks()
        guard cursor.isAtEnd else { throw cursor.failure("nothing after the graph") }
        for output in outputs {
            let value = try resolve(output.value, at: output.place)
            let found = builder.type(of: value)
            if let type = output.type, type != found {
                throw cursor.error("output \(output.name.quoted) is \(type), expected \(found)", at: output.place)
            }
            builder.output(output.name, value, labels: output.labels)
        }
        return try builder.finish()
    }

    private mutating func input(_ builder: inout GraphBuilder) throws(MaxError) {
        try cursor.expect("%")
        let place = cursor.position
        let name = try cursor.name("the name of an input")
        try cursor.expect(":")
        var isOptional = false
        let type = try valueType(isOptional: &isOptional)
        var input = GraphInput(name, type)
        if isOptional {
            guard cursor.accept("missing=") else { throw cursor.failure("'missing=' as the type may be missing") }
            input.missing = try missing(type.tensor?.element)
        }
        if cursor.accept("columns=") { input.columns = try texts() }
        guard named[name] == nil else { throw cursor.error("input \(name.quoted) stands twice", at: place) }
        named[name] = try builder.input(input)
    }

    private mutating func missing(_ element: ElementType?) throws(MaxError) -> MissingPolicy {
        if cursor.accept("error") { return .error }
        if cursor.sees("\"") { return .value(.string(try cursor.text("a text"))) }
        return try cursor.number("error, nan, a number or a text") { (word: String) -> MissingPolicy? in
            if word == "nan" { return .nan }
            if let integer = Int64(word) { return .value(.int(integer)) }
            return Double(literal: word).map { .value(.float($0)) }
        }
    }

    private mutating func output() throws(MaxError) -> Output {
        cursor.skipBlanks()
        let start = cursor.position
        let first = try reference()
        guard case .name(let name) = first else {
            throw cursor.error("an output needs a name, not a number", at: start)
        }
        var out = Output(name: name, value: first, place: start, type: nil, labels: [])
        if cursor.accept("=") {
            out.place = cursor.position
            out.value = try reference()
        }
        if cursor.accept(":") { out.type = try valueType() }
        if cursor.accept("labels=") { out.labels = try texts() }
        return out
    }

    private mutating func node(_ builder: inout GraphBuilder) throws(MaxError) {
        var results: [(Reference, Int)] = []
        cursor.skipBlanks()
        let start = cursor.position
        repeat {
            cursor.skipBlanks()
            let place = cursor.position
            results.append((try reference(), place))
        } while cursor.accept(",")
        try cursor.expect("=")
        cursor.skipBlanks()
        let place = cursor.position
        let word = try cursor.identifier("an operator")
        guard let op = Ops.named[word] else { throw cursor.error("unknown operator '\(word)'", at: place) }
        let operands = try operands()
        let attributes = try attributes(of: op)
        var declared: [ValueType]?
        if cursor.accept(":") {
            var types: [ValueType] = []
            repeat { types.append(try valueType()) } while cursor.accept(",")
            declared = types
        }
        let label = cursor.accept("@") ? try cursor.text("the label of the node") : ""

        let ids: [ValueID]
        do {
            ids = try builder.node(op, operands, attributes, results: results.count, label: label)
        } catch {
            throw MaxError(error.code, cursor.error(error.message, at: start).message)
        }
        if let declared, declared != ids.map({ builder.type(of: $0) }) {
            let found = ids.map { builder.type(of: $0).description }.joined(separator: ", ")
            let written = declared.map(\.description).joined(separator: ", ")
            throw cursor.error("'\(word)' gives \(found), but \(written) is written", at: start)
        }
        for (result, id) in zip(results, ids) { try define(result.0, id, at: result.1) }
    }

    private mutating func operands() throws(MaxError) -> [ValueID?] {
        try cursor.expect("(")
        if cursor.accept(")") { return [] }
        var out: [ValueID?] = []
        repeat {
            if cursor.accept("_") { out.append(nil); continue }
            cursor.skipBlanks()
            let place = cursor.position
            out.append(try resolve(try reference(), at: place))
        } while cursor.accept(",")
        try cursor.expect(")")
        return out
    }

    private mutating func attributes(of op: Operator) throws(MaxError) -> [String: Attribute] {
        guard cursor.accept("{") else { return [:] }
        if cursor.accept("}") { return [:] }
        var out: [String: Attribute] = [:]
        repeat {
            cursor.skipBlanks()
            let place = cursor.position
            let name = try cursor.identifier("an attribute")
            guard let spec = op.attribute(named: name) else {
                throw cursor.error("'\(op.name)' has no attribute '\(name)'", at: place)
            }
            guard out[name] == nil else { throw cursor.error("attribute '\(name)' stands twice", at: place) }
            try cursor.expect("=")
            out[name] = try constant(spec.kind)
        } while cursor.accept(",")
        try cursor.expect("}")
        return out
    }

    private mutating func reference() throws(MaxError) -> Reference {
        try cursor.expect("%")
        if let number = try cursor.digits() { return .number(number) }
        return .name(try cursor.name("a value"))
    }

    private func resolve(_ reference: Reference, at place: Int) throws(MaxError) -> ValueID {
        switch reference {
        case .number(let number):
            guard let id = numbered[number] else { throw cursor.error("%\(number) is not defined before this", at: place) }
            return id
        case .name(let name):
            guard let id = named[name] else {
                throw cursor.error("%\(Literal.name(name)) is not defined before this", at: place)
            }
            return id
        }
    }

    private mutating func define(_ reference: Reference, _ id: ValueID, at place: Int) throws(MaxError) {
        switch reference {
        case .number(let number):
            guard numbered.updateValue(id, forKey: number) == nil else {
                throw cursor.error("%\(number) is defined twice", at: place)
            }
        case .name(let name):
            guard named.updateValue(id, forKey: name) == nil else {
                throw cursor.error("%\(Literal.name(name)) is defined twice", at: place)
            }
        }
    }
}
