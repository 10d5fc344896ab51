import MaxIR

/// The categories of a column in the order of their codes.
enum CategoryKeys {
    case texts([Text])
    case integers([Int64])
}

/// The columns that a library of boosted trees was trained with, as inputs of a graph.
struct FeatureColumns {
    let names: [Text]
    /// By position; the others are numbers.
    let categories: [Int: CategoryKeys]
    /// f32 or f64: the library's numbers.
    let element: ElementType

    /// Adds one input per column and packs them: `[N]` each, to `[N, F]` of `element`.
    ///
    /// A column with categories takes them as texts or integers; one that was not seen, or is missing, is NaN.
    func matrix(_ builder: inout GraphBuilder) throws(MaxError) -> ValueID {
        var inputs: [ValueID] = []
        for (index, name) in names.enumerated() {
            switch categories[index] {
            case nil:
                inputs.append(try builder.input(name, TensorType(element, [.rows]), missing: .nan))
            case .texts(let texts):
                let missing = Attribute.string(Self.absent(from: texts))
                inputs.append(try builder.input(name, TensorType(.string, [.rows]), missing: .value(missing)))
            case .integers(let integers):
                let missing = Attribute.int(Self.absent(from: integers))
                inputs.append(try builder.input(name, TensorType(.i64, [.rows]), missing: .value(missing)))
            }
        }
        let axes = try builder.constant(Tensor([Int64(1)]))
        var parts: [ValueID] = []
        for (index, input) in inputs.enumerated() {
            var column = input
            if let known = categories[index] {
                var attributes: [String: Attribute] = ["default_float": .float(.nan)]
                switch known {
                case .texts(let texts):
                    attributes["keys_strings"] = .strings(texts)
                    attributes["values_floats"] = .floats(texts.indices.map { Double($0) })
                case .integers(let integers):
                    attributes["keys_int64s"] = .ints(integers)
                    attributes["values_floats"] = .floats(integers.indices.map { Double($0) })
                }
                column = try builder.add(Ops.labelEncoder, [column], attributes, label: names[index])
                if element != .f32 { column = try builder.add(Ops.cast, [column], ["to": .type(element)]) }
            }
            parts.append(try builder.add(Ops.unsqueeze, [column, axes]))
        }
        return try builder.add(Ops.concat, parts.map { $0 }, ["axis": .int(1)])
    }

    /// A text that is no category.
    private static func absent(from texts: [Text]) -> Text {
        let known = Set(texts)
        var candidate: Text = ""
        var number = 0
        while known.contains(candidate) {
            candidate = Text("<missing\(number == 0 ? "" : " \(number)")>")
            number += 1
        }
        return candidate
    }

    /// An integer that is no category.
    private static func absent(from integers: [Int64]) -> Int64 {
        let known = Set(integers)
        var candidate: Int64 = -1
        while known.contains(candidate) { candidate &-= 1 }
        return candidate
    }
}
