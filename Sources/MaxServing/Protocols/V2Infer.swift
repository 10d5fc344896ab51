import MaxFormats
import MaxIR
import MaxRuntime

/// One tensor of an inference request: what its JSON said, and where its values lie.
private struct V2Tensor {
    var name: Text = ""
    var datatype: Text = ""
    var shape: [Int] = []
    /// Where `data` stands in the JSON.
    var data: Range<Int>?
    var binaryBytes: Int?
}

/// Open Inference Protocol V2, inference over JSON and the binary tensor extension.
/// Source: kserve/open-inference-protocol, inference_rest.md; triton-inference-server, extension_binary_data.md.
struct V2Infer {
    let served: ServedModel
    let batch: RowBatch
    let maximumRows: Int

    private var id: Text?
    private var tensors: [V2Tensor] = []
    /// Output names asked for, and whether each shall be binary; empty means all.
    private var wanted: [(name: Text, isBinary: Bool)] = []
    private var allBinary = false
    private var contributions: WantedContributions?

    init(_ served: ServedModel, _ batch: RowBatch, maximumRows: Int) {
        self.served = served
        self.batch = batch
        self.maximumRows = maximumRows
    }

    mutating func run(_ request: Request, _ context: (Model, Int) throws(MaxError) -> Context) throws(MaxError) -> Answer {
        var jsonEnd = request.body.count
        if let given = request.jsonBytes {
            guard let count = Int(given), count > 0, count <= request.body.count else {
                throw MaxError(
                    .malformed, "Inference-Header-Content-Length: found '\(given.prefix(32))', expected 1 to \(request.body.count)")
            }
            jsonEnd = count
        }
        try parse(request.body, end: jsonEnd)
        try bind(request.body, binaryStart: jsonEnd)
        let explanations = contributions.map { V2Contributions.names($0) } ?? []
        for (name, _) in wanted where !served.schema.outputs.contains(where: { $0.name == name }) && !explanations.contains(name) {
            throw MaxError(.malformed, "output \(name.quoted): the model has none of this name")
        }
        let model = contributions == nil ? served.model : try served.explained()
        if contributions != nil { _ = try V2Contributions.port(model, rows: batch.rows) }
        let context = try context(model, batch.rows)
        try batch.predict(context)
        return try answer(context)
    }

    private mutating func parse(_ body: UnsafeRawBufferPointer, end: Int) throws(MaxError) {
        var scanner = JSONScanner(body, 0..<end)
        var (id, tensors, wanted, allBinary) = (Text?.none, [V2Tensor](), [(name: Text, isBinary: Bool)](), false)
        var contributions: WantedContributions?
        try scanner.object { scanner, key throws(MaxError) in
            switch key.string {
            case "id": id = try scanner.text()
            case "inputs":
                try scanner.array { scanner throws(MaxError) in
                    guard tensors.count < Limits.ports else { throw MaxError(.limitExceeded, "more than \(Limits.ports) inputs") }
                    tensors.append(try Self.tensor(&scanner))
                }
            case "outputs":
                try scanner.array { scanner throws(MaxError) in
                    guard wanted.count < Limits.ports else { throw MaxError(.limitExceeded, "more than \(Limits.ports) outputs") }
                    wanted.append(try Self.output(&scanner))
                }
            case "parameters":
                try scanner.object { scanner, key throws(MaxError) in
                    switch key.string {
                    case "binary_data_output": allBinary = try scanner.bool()
                    case "contributions": contributions = try V2Contributions.wanted(&scanner)
                    default: _ = try scanner.skip()
                    }
                }
            default: _ = try scanner.skip()
            }
        }
        guard scanner.atEnd() else { throw scanner.malformed("the end of the request") }
        guard !tensors.isEmpty else { throw MaxError(.malformed, "inputs: found none, expected \(served.schema.inputs.count)") }
        for name in wanted.map(\.name) where wanted.count(where: { $0.name == name }) > 1 {
            throw MaxError(.malformed, "output \(name.quoted): asked for twice")
        }
        (self.id, self.tensors, self.wanted, self.allBinary) = (id, tensors, wanted, allBinary)
        self.contributions = contributions
    }

    private static func tensor(_ scanner: inout JSONScanner) throws(MaxError) -> V2Tensor {
        var tensor = V2Tensor()
        try scanner.object { scanner, key throws(MaxError) in
            switch key.string {
            case "name": tensor.name = try scanner.text()
            case "datatype": tensor.datatype = try scanner.text()
            case "shape":
                try scanner.array { scanner throws(MaxError) in
                    let extent = try scanner.integer()
                    guard extent >= 0, let n = Int(exactly: extent), tensor.shape.count < Limits.rank else {
                        throw MaxError(.malformed, "shape: extent \(extent), expected at most \(Limits.rank) of 0 and more")
                    }
                    tensor.shape.append(n)
                }
            case "data": tensor.data = try scanner.skip()
            case "parameters":
                try scanner.object { scanner, key throws(MaxError) in
                    guard key == "binary_data_size" else {
                        _ = try scanner.skip()
                        return
                    }
                    let size = try scanner.integer()
                    guard size >= 0, let n = Int(exactly: size) else { throw MaxError(.malformed, "binary_data_size: \(size)") }
                    tensor.binaryBytes = n
                }
            default: _ = try scanner.skip()
            }
        }
        return tensor
    }

    private static func output(_ scanner: inout JSONScanner) throws(MaxError) -> (name: Text, isBinary: Bool) {
        var (name, isBinary) = (Text(""), false)
        try scanner.object { scanner, key throws(MaxError) in
            switch key.string {
            case "name": name = try scanner.text()
            case "parameters":
                try scanner.object { scanner, key throws(MaxError) in
                    if key == "binary_data" {
                        isBinary = try scanner.bool()
                    } else if key == "classification" {
                        throw MaxError(.unsupported, "output \(name.quoted): the classification extension")
                    } else {
                        _ = try scanner.skip()
                    }
                }
            default: _ = try scanner.skip()
            }
        }
        return (name, isBinary)
    }

    /// Finds the columns of each tensor and reads its values.
    private func bind(_ body: UnsafeRawBufferPointer, binaryStart: Int) throws(MaxError) {
        guard let first = tensors.first, let rows = first.shape.first else {
            throw MaxError(.malformed, "shape: found a scalar, expected the number of rows first")
        }
        guard rows <= maximumRows else { throw MaxError(.limitExceeded, "\(rows) rows, at most \(maximumRows) per request") }
        batch.start(rows: rows)
        var binary = binaryStart
        for (index, tensor) in tensors.enumerated() {
            do throws(MaxError) {
                let columns = try self.columns(of: tensor, index, rows: rows)
                for column in columns where !batch.claim(column) {
                    let name = served.schema.columns[column].name
                    throw MaxError(.malformed, name == tensor.name ? "given twice" : "feeds column \(name.quoted) a second time")
                }
                if let size = tensor.binaryBytes {
                    guard tensor.data == nil else { throw MaxError(.malformed, "has both data and binary_data_size") }
                    guard size <= body.count - binary else {
                        throw MaxError(.malformed, "binary_data_size \(size), but \(body.count - binary) bytes remain")
                    }
                    try readBinary(UnsafeRawBufferPointer(rebasing: body[binary..<binary + size]), tensor, columns, rows)
                    binary += size
                } else if let data = tensor.data {
                    try readJSON(body, data, columns, rows)
                } else {
                    throw MaxError(.malformed, "has no data")
                }
            } catch {
                throw error.inside("input \(tensor.name.quoted)")
            }
        }
        guard binary == body.count else { throw MaxError(.malformed, "\(body.count - binary) bytes after the last tensor") }
        if let absent = batch.firstAbsent {
            throw MaxError(.malformed, "input \(served.schema.columns[absent].name.quoted): not given, and the model needs it")
        }
    }

    /// - Parameter index: the tensor's place in the request; most clients keep the model's order.
    private func columns(of tensor: V2Tensor, _ index: Int, rows: Int) throws(MaxError) -> Range<Int> {
        let schema = served.schema
        let range: Range<Int>
        if index < schema.inputs.count, schema.inputs[index].name == tensor.name {
            let port = schema.inputs[index]
            range = port.firstColumn..<port.firstColumn + port.width
        } else if let port = schema.inputs.first(where: { $0.name == tensor.name }) {
            range = port.firstColumn..<port.firstColumn + port.width
        } else if let column = batch.position(of: tensor.name) {
            range = column..<column + 1
        } else if tensor.name == "input", served.packedElement != nil {
            range = 0..<schema.columns.count
        } else {
            throw MaxError(.malformed, "the model has no column of this name")
        }
        guard let first = tensor.shape.first, first == rows else {
            throw MaxError(.malformed, "shape \(tensor.shape), expected \(rows) rows as the first input has")
        }
        guard try elementCount(of: tensor.shape) == rows * range.count, rows == 0 || tensor.shape.dropFirst().reduce(1, *) == range.count
        else {
            throw MaxError(.malformed, "shape \(tensor.shape), expected \(rows) rows of \(range.count)")
        }
        let wanted = batch.element(range.lowerBound)
        guard let given = ElementType(v2Name: tensor.datatype) else {
            throw MaxError(.malformed, "datatype \(tensor.datatype.quoted) is unknown, expected \(wanted.v2Name)")
        }
        let fits =
            given == wanted || (wanted.isFloat && given.isNumeric) || ((wanted.isInteger || wanted == .timestamp) && given.isInteger)
            || (wanted == .i64 && given == .bool)
        guard fits else { throw MaxError(.malformed, "datatype is \(given.v2Name), but the model takes \(wanted.v2Name)") }
        return range
    }

    private func readJSON(_ body: UnsafeRawBufferPointer, _ range: Range<Int>, _ columns: Range<Int>, _ rows: Int) throws(MaxError) {
        var scanner = JSONScanner(body, range)
        var count = 0
        let total = rows * columns.count
        func element(_ scanner: inout JSONScanner, _ depth: Int) throws(MaxError) {
            if scanner.peek() == UInt8(ascii: "[") {
                guard depth < Limits.rank else { throw MaxError(.malformed, "data is nested deeper than \(Limits.rank)") }
                try scanner.array { scanner throws(MaxError) in try element(&scanner, depth + 1) }
                return
            }
            guard count < total else { throw MaxError(.malformed, "data has more than the \(total) values of its shape") }
            try batch.read(&scanner, columns.lowerBound + count % columns.count, count / columns.count)
            count += 1
        }
        try element(&scanner, 0)
        guard count == total else { throw MaxError(.malformed, "data has \(count) values, expected \(total) for its shape") }
    }

    private func readBinary(_ bytes: UnsafeRawBufferPointer, _ tensor: V2Tensor, _ columns: Range<Int>, _ rows: Int) throws(MaxError) {
        guard let type = ElementType(v2Name: tensor.datatype) else { throw MaxError(.malformed, "datatype \(tensor.datatype.quoted)") }
        let total = rows * columns.count
        if type == .string {
            var position = 0
            for index in 0..<total {
                guard bytes.count - position >= 4 else { throw MaxError(.malformed, "text \(index) of \(total) is cut off") }
                let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
                position += 4
                guard length <= bytes.count - position else {
                    throw MaxError(.malformed, "text \(index) declares \(length) bytes, \(bytes.count - position) remain")
                }
                let text = Text(utf8: Array(bytes[position..<position + length]))
                guard text.isValidUTF8 else { throw MaxError(.malformed, "text \(index) is not UTF-8") }
                batch.set(columns.lowerBound + index % columns.count, index / columns.count, text: text)
                position += length
            }
            guard position == bytes.count else { throw MaxError(.malformed, "\(bytes.count - position) bytes after the last text") }
            return
        }
        let storage = try TensorStorage(type, count: total, bytes: bytes)
        if type.isFloat {
            let values = try Cast.convert(Tensor(unchecked: storage, shape: [total]), to: .f64).values(as: Double.self) ?? []
            for (index, value) in values.enumerated() {
                batch.set(columns.lowerBound + index % columns.count, index / columns.count, value)
            }
        } else {
            let values = try Cast.convert(Tensor(unchecked: storage, shape: [total]), to: .i64).values(as: Int64.self) ?? []
            for (index, value) in values.enumerated() {
                batch.set(columns.lowerBound + index % columns.count, index / columns.count, value)
            }
        }
    }

    private func answer(_ context: Context) throws(MaxError) -> Answer {
        let schema = context.model.schema
        let added = try contributions.map { wish throws(MaxError) in
            V2Contributions.tensors(wish, context, try V2Contributions.port(context.model, rows: batch.rows), rows: batch.rows)
        }
        let explanations = chosenExplanations(added ?? [])
        let chosen: [(index: Int, isBinary: Bool)] =
            wanted.isEmpty
            ? schema.outputs.indices.filter { added == nil || schema.outputs[$0].name != "contributions" }.map { ($0, allBinary) }
            : wanted.filter { wish in !(added ?? []).contains { $0.name == wish.name } }.compactMap { wish in
                schema.outputs.firstIndex { $0.name == wish.name }.map { ($0, wish.isBinary || allBinary) }
            }
        var binary: [UInt8] = []
        var json = JSONWriter()
        json.object { json in
            json.member("model_name", served.name)
            json.member("model_version", served.version)
            if let id {
                json.key("id")
                json.value(id)
            }
            json.member(
                "outputs",
                array: { json in
                    for (index, isBinary) in chosen {
                        let port = schema.outputs[index]
                        json.object { json in
                            json.key("name")
                            json.value(port.name)
                            json.member("datatype", port.element.v2Name)
                            json.member(
                                "shape",
                                array: { json in
                                    json.value(batch.rows)
                                    for extent in port.tail { json.value(extent) }
                                })
                            if isBinary {
                                let before = binary.count
                                OutputText.binary(context, index, port, rows: batch.rows, into: &binary)
                                json.member("parameters", object: { $0.member("binary_data_size", binary.count - before) })
                            } else {
                                json.member(
                                    "data",
                                    array: { json in OutputText.write(context, index, port, 0..<batch.rows * port.width, to: &json) })
                            }
                        }
                    }
                    for (tensor, isBinary) in explanations { tensor.write(to: &json, binary: &binary, isBinary: isBinary) }
                })
        }
        guard !binary.isEmpty || chosen.contains(where: \.isBinary) || explanations.contains(where: \.1) else {
            return Answer(200, json.bytes)
        }
        var answer = Answer(200, contentType: "application/octet-stream", json.bytes + binary)
        answer.headers.append(("Inference-Header-Content-Length", "\(json.bytes.count)"))
        return answer
    }

    /// All of them unless the request names some among its outputs.
    private func chosenExplanations(_ tensors: [V2Contributions.Tensor]) -> [(V2Contributions.Tensor, Bool)] {
        let named = tensors.compactMap { tensor in wanted.first { $0.name == tensor.name }.map { (tensor, $0.isBinary || allBinary) } }
        return named.isEmpty ? tensors.map { ($0, allBinary) } : named
    }
}
