import MaxFormats
import MaxIR
import MaxRuntime

/// The contributions that a V2 request asked for, as tensors of its answer.
///
/// `"contributions": true` gives `contributions`, FP64 `[N, outputs, F + 2]`, and `contribution_names`, BYTES `[F + 2]`;
/// a number K gives `contribution_features`, BYTES `[N, outputs, K]`, `contribution_values`, FP64 of the same shape, and
/// `contribution_base`, FP64 `[N, outputs]`.
struct V2Contributions {
    /// Most numbers that one answer holds.
    static let maximumNumbers = 1 << 24

    enum Values {
        case texts([Text])
        case numbers([Double])
    }

    struct Tensor {
        let name: Text
        let shape: [Int]
        let values: Values
    }

    /// Of the request's `parameters`, the value of `contributions`; nil for false.
    static func wanted(_ scanner: inout JSONScanner) throws(MaxError) -> WantedContributions? {
        if scanner.takeWord("true") { return .all }
        if scanner.takeWord("false") { return nil }
        let first = scanner.peek()
        guard let first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first), let count = Int(exactly: try scanner.integer()), count > 0
        else { throw MaxError(.malformed, "parameters: contributions: expected true, false, or how many, from 1 on") }
        return .largest(count)
    }

    static func names(_ wanted: WantedContributions) -> [Text] {
        switch wanted {
        case .all: ["contributions", "contribution_names"]
        case .largest: ["contribution_features", "contribution_values", "contribution_base"]
        }
    }

    /// The output of an explained model that holds the contributions.
    ///
    /// - Throws: `.limitExceeded` for more rows than one answer may explain.
    static func port(_ model: Model, rows: Int) throws(MaxError) -> Int {
        guard let index = model.schema.outputs.firstIndex(where: { $0.name == "contributions" }) else {
            throw MaxError(.internal, "an explained model without contributions")
        }
        let width = max(model.schema.outputs[index].width, 1)
        guard rows <= maximumNumbers / width else {
            throw MaxError(
                .limitExceeded, "contributions of \(rows) rows: \(width) numbers each, at most \(maximumNumbers / width) rows per request")
        }
        return index
    }

    static func tensors(_ wanted: WantedContributions, _ context: Context, _ index: Int, rows: Int) -> [Tensor] {
        let port = context.model.schema.outputs[index]
        let all = context.withOutput(index) { bytes in
            (0..<rows * port.width).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
        }
        let values = all ?? []
        let names = names(wanted)
        guard case .largest(let count) = wanted else {
            let columns = LargestContributions(1, of: port).names + ["base", "rest"]
            return [
                Tensor(name: names[0], shape: [rows] + port.tail, values: .numbers(values)),
                Tensor(name: names[1], shape: [columns.count], values: .texts(columns)),
            ]
        }
        var largest = LargestContributions(count, of: port)
        var (features, numbers, bases) = ([Text](), [Double](), [Double]())
        for part in 0..<rows * largest.outputs {
            let first = part * (largest.columns + 2)
            largest.pick { values[first + $0] }
            for position in largest.positions.prefix(largest.count) {
                features.append(largest.names[position])
                numbers.append(values[first + position])
            }
            bases.append(values[first + largest.columns])
        }
        let shape = [rows, largest.outputs, largest.count]
        return [
            Tensor(name: names[0], shape: shape, values: .texts(features)), Tensor(name: names[1], shape: shape, values: .numbers(numbers)),
            Tensor(name: names[2], shape: [rows, largest.outputs], values: .numbers(bases)),
        ]
    }
}

extension V2Contributions.Tensor {
    func write(to json: inout JSONWriter, binary: inout [UInt8], isBinary: Bool) {
        json.object { json in
            json.key("name")
            json.value(name)
            json.member("datatype", isText ? "BYTES" : "FP64")
            json.member("shape", array: { json in for extent in shape { json.value(extent) } })
            if isBinary {
                let before = binary.count
                append(to: &binary)
                json.member("parameters", object: { $0.member("binary_data_size", binary.count - before) })
            } else {
                json.member(
                    "data",
                    array: { json in
                        switch values {
                        case .texts(let texts): for text in texts { json.value(text) }
                        case .numbers(let numbers): for number in numbers { json.value(number) }
                        }
                    })
            }
        }
    }

    private var isText: Bool { if case .texts = values { true } else { false } }

    private func append(to out: inout [UInt8]) {
        switch values {
        case .texts(let texts):
            for text in texts {
                withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { out += $0 }
                out += text.utf8
            }
        case .numbers(let numbers): for number in numbers { withUnsafeBytes(of: number.bitPattern.littleEndian) { out += $0 } }
        }
    }
}
