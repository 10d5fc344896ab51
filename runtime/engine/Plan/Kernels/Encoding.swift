import MaxIR

/// Dictionaries and indicator columns.
extension KernelTable {
    static let encoding: [String: Choice] = [
        "label_encoder": { try $0.labelEncoder() }, "one_hot_encoder": { try $0.oneHotEncoder() },
        "string_hash": { $0.map(StringView.self, .string) { CityHash.low32(UnsafeRawBufferPointer($0.bytes)) } },
        "murmur_hash": { request in
            let seed = UInt32(truncatingIfNeeded: try request.evaluation.int("seed"))
            return request.map(StringView.self, .string) { MurmurHash.hash32(UnsafeRawBufferPointer($0.bytes), seed: seed) }
        },
        "time_part": { try $0.timePart() }, "text_counts": { try $0.textCounts() },
    ]
}

extension KernelRequest {
    func timePart() throws -> (any Step)? {
        let part = try TimePart.of(evaluation)
        return out.element == .f64
            ? map(Int64.self, .timestamp) { part.of($0) } : map(Int64.self, .timestamp) { Float(part.of($0)) }
    }

    mutating func oneHotEncoder() throws -> (any Step)? {
        guard let x = operands.first?.slot, try evaluation.flag("zeros") else { return nil }
        let keys: [KeyTable.Entry]
        switch x.element {
        case .string:
            keys = try evaluation.strings("cats_strings").map { text -> KeyTable.Entry in
                let view: StringView = constants.copy(text)
                return KeyTable.Entry(bits: KeyTable.hash(view.bytes), text: view)
            }
        case .i64, .f32, .f64: keys = try evaluation.ints("cats_int64s").map { KeyTable.Entry(bits: UInt64(bitPattern: $0)) }
        default: return nil
        }
        guard x.width * keys.count == out.width else { return nil }
        return OneHotStep(x: x, out: out, keys: KeyTable(keys, x.element == .string, constants))
    }
}

/// `Ops.oneHotEncoder`; an unknown value gives zeros.
struct OneHotStep: Step {
    var kernel: String { "one_hot_encoder.\(x.element)" }
    let x: Slot
    let out: Slot
    let keys: KeyTable

    func run(_ frame: Frame) {
        let (rows, stride) = (frame.rows, frame.stride)
        for column in 0..<x.width {
            let to = frame.pointer(out, column: column * keys.count, as: Float.self)
            for k in 0..<keys.count { for row in 0..<rows { to[k * stride + row] = 0 } }
            func mark(_ row: Int, _ position: Int) { if position < keys.count { to[position * stride + row] = 1 } }
            switch x.element {
            case .string:
                let from = frame.pointer(x, column: column, as: StringView.self)
                for row in 0..<rows { mark(row, keys.find(KeyTable.hash(from[row].bytes), from[row])) }
            case .i64:
                let from = frame.pointer(x, column: column, as: Int64.self)
                for row in 0..<rows { mark(row, keys.find(UInt64(bitPattern: from[row]))) }
            case .f32:
                let from = frame.pointer(x, column: column, as: Float.self)
                for row in 0..<rows { mark(row, keys.find(UInt64(bitPattern: whole(from[row])))) }
            default:
                let from = frame.pointer(x, column: column, as: Double.self)
                for row in 0..<rows { mark(row, keys.find(UInt64(bitPattern: whole(from[row])))) }
            }
        }
    }

    /// As ONNX casts to int64.
    @inline(__always) private func whole<F: BinaryFloatingPoint>(_ x: F) -> Int64 { Int64(exactly: x.rounded(.towardZero)) ?? .min }
}
