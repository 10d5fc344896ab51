import Glibc

extension Ops {
    public static let cast = Operator(
        "cast",
        "The same values as elements of type `to`. Floats to integers truncate; numbers to strings and back as ONNX writes them. Source: ONNX Cast.",
        operands: [.one("x", .all)],
        attributes: [.required("to", .type)],
        onnx: ONNXMapping("Cast", since: 9),
        infer: { node throws(MaxError) in
            [.tensor(TensorType(try node.type("to"), try node.tensorType(0).shape))]
        },
        evaluate: { node throws(MaxError) in
            [.tensor(try Cast.convert(try node.tensor(0), to: try node.type("to")))]
        })
}

/// Element type conversion, with ONNX's rules.
public enum Cast {
    /// - Throws: `.malformed` for a text that is not a number.
    public static func convert(_ tensor: Tensor, to type: ElementType) throws(MaxError) -> Tensor {
        if tensor.elementType == type { return tensor }
        let storage = try convert(tensor.storage, to: type)
        return Tensor(unchecked: storage, shape: tensor.shape)
    }

    private static func convert(_ storage: TensorStorage, to type: ElementType) throws(MaxError) -> TensorStorage {
        if case .string(let texts) = storage { return try parse(texts, type) }
        if case .bool(let flags) = storage {
            if type == .string { return .string(flags.map { $0 ? "1" : "0" }) }
            return try convert(.u8(flags.map { $0 ? 1 : 0 }), to: type)
        }
        if case .timestamp(let values) = storage { return try convert(.i64(values), to: type) }
        guard let out = try storage.numbers(ConvertBody(type: type)) else {
            throw MaxError(.malformed, "cast: \(storage.elementType) to \(type) is not defined")
        }
        return out
    }

    private struct ConvertBody: NumberBody {
        let type: ElementType
        func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
            if E.elementType.isInteger, type.isInteger || type == .timestamp {
                // Through the 64-bit pattern: exact, and narrowing keeps the low bits as C does.
                if let exact = values as? [Int64] { return narrow(exact) }
                if let unsigned = values as? [UInt64] { return narrow(unsigned.map { Int64(bitPattern: $0) }) }
                return narrow(values.map { Int64($0.double) })
            }
            if type.isFloat, let integers = values as? [Int64] {
                switch type {
                case .f64: return .f64(integers.map(Double.init))
                case .f32: return .f32(integers.map(Float.init))
                default: break
                }
            }
            switch type {
            case .f64: return .f64(values.map(\.double))
            case .f32: return .f32(values.map { Float($0.double) })
            case .f16: return .f16(values.map { Float16($0.double) })
            case .bf16: return .bf16(values.map { BFloat16(Float($0.double)) })
            case .bool: return .bool(values.map { $0.double != 0 })
            case .string: return .string(values.map { Text(format($0)) })
            case .u64: return .u64(values.map { UInt64(converting: $0.double) })
            default: return narrow(values.map { Int64(converting: $0.double) })
            }
        }

        private func narrow(_ wide: [Int64]) -> TensorStorage {
            switch type {
            case .i32: .i32(wide.map(Int32.init(truncatingIfNeeded:)))
            case .i16: .i16(wide.map(Int16.init(truncatingIfNeeded:)))
            case .i8: .i8(wide.map(Int8.init(truncatingIfNeeded:)))
            case .u64: .u64(wide.map(UInt64.init(truncatingIfNeeded:)))
            case .u32: .u32(wide.map(UInt32.init(truncatingIfNeeded:)))
            case .u16: .u16(wide.map(UInt16.init(truncatingIfNeeded:)))
            case .u8: .u8(wide.map(UInt8.init(truncatingIfNeeded:)))
            case .timestamp: .timestamp(wide)
            default: .i64(wide)
            }
        }
    }

    /// A number as ONNX Runtime writes it: NaN, INF, -INF, integers plainly, floats with 8 or 17 significant
    /// digits as C's `%g` does.
    static func format<E: Number>(_ value: E) -> String {
        if E.elementType.isInteger { return "\(value)" }
        let number = value.double
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-INF" : "INF" }
        let digits: Int32 = E.elementType == .f64 ? 17 : 8
        var buffer = [CChar](repeating: 0, count: 64)
        let count = withVaList([digits, number]) { vsnprintf(&buffer, buffer.count, "%.*g", $0) }
        return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A number with six decimals, as C's `%f` writes it.
    static func decimals(_ value: Float) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = withVaList([Double(value)]) { vsnprintf(&buffer, buffer.count, "%f", $0) }
        return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func parse(_ texts: [Text], _ type: ElementType) throws(MaxError) -> TensorStorage {
        var doubles: [Double] = []
        var integers: [Int64] = []
        for text in texts {
            if type.isFloat || type == .bool {
                guard let value = number(text) else {
                    throw MaxError(.malformed, "cast: the text is not a number: found \(text.quoted)")
                }
                doubles.append(value)
            } else {
                if let exact = Int64(text.string) {
                    integers.append(exact)
                } else if let value = number(text), value.isFinite {
                    integers.append(Int64(converting: value))
                } else {
                    throw MaxError(.malformed, "cast: the text is not an integer: found \(text.quoted)")
                }
            }
        }
        if type == .f32 {
            // Straight to f32: rounding through double first can round twice.
            return .f32(zip(texts, doubles).map { Float($0.string) ?? Float($1) })
        }
        if type.isFloat || type == .bool { return try convert(.f64(doubles), to: type) }
        return try convert(.i64(integers), to: type)
    }

    /// A decimal number, or NaN / INF in any case with a sign.
    static func number(_ text: Text) -> Double? {
        if let value = Double(text.string) { return value }
        switch text.string.lowercased() {
        case "nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: return nil
        }
    }
}
