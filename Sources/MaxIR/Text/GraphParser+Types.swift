/// Types and shapes.
extension GraphParser {
    mutating func texts() throws(MaxError) -> [Text] {
        try cursor.expect("[")
        if cursor.accept("]") { return [] }
        var out: [Text] = []
        repeat { out.append(try cursor.text("a text")) } while cursor.accept(",")
        try cursor.expect("]")
        return out
    }

    mutating func valueType() throws(MaxError) -> ValueType {
        var isOptional = false
        let type = try valueType(isOptional: &isOptional)
        if isOptional { throw cursor.error("only an input may be missing") }
        return type
    }

    mutating func valueType(isOptional: inout Bool, depth: Int = 0) throws(MaxError) -> ValueType {
        guard depth < Limits.typeDepth else { throw cursor.error("types nest deeper than \(Limits.typeDepth)") }
        if cursor.accept("seq<") {
            var inner = false
            let element = try valueType(isOptional: &inner, depth: depth + 1)
            if inner { throw cursor.error("only an input may be missing") }
            try cursor.expect(">")
            isOptional = cursor.accept("?")
            return .sequence(element)
        }
        if cursor.accept("map<") {
            let key = try elementType()
            try cursor.expect(",")
            let value = try elementType()
            try cursor.expect(">")
            isOptional = cursor.accept("?")
            return .map(key: key, value: value)
        }
        let element = try elementType()
        isOptional = cursor.accept("?")
        return .tensor(TensorType(element, try shape()))
    }

    private mutating func shape() throws(MaxError) -> [Dimension]? {
        try cursor.expect("[")
        if cursor.accept("*") {
            try cursor.expect("]")
            return nil
        }
        if cursor.accept("]") { return [] }
        var out: [Dimension] = []
        repeat {
            guard out.count < Limits.textExtents else {
                throw cursor.error("more than \(Limits.textExtents) extents")
            }
            if cursor.accept("?") {
                out.append(.unknown)
            } else {
                cursor.skipBlanks()
                if let extent = try cursor.digits() {
                    out.append(.fixed(extent))
                } else {
                    out.append(.symbol(try cursor.name("an extent").string))
                }
            }
        } while cursor.accept(",")
        try cursor.expect("]")
        return out
    }

    mutating func elementType() throws(MaxError) -> ElementType {
        cursor.skipBlanks()
        let place = cursor.position
        let word = try cursor.identifier("an element type")
        guard let type = ElementType(rawValue: word) else { throw cursor.error("unknown element type '\(word)'", at: place) }
        return type
    }
}
