import MaxFormats
import MaxIR
import MaxRuntime

/// Outputs of a context as JSON values or as the bytes of the binary tensor extension.
enum OutputText {
    /// Writes the elements at `range` of output `index`, one JSON value each; NaN is null.
    static func write(_ context: Context, _ index: Int, _ port: Schema.OutputPort, _ range: Range<Int>, to json: inout JSONWriter) {
        if port.element == .string {
            context.withStrings(index) { views in for position in range { json.value(utf8: views[position].bytes) } }
            return
        }
        context.withOutput(index) { bytes in
            func load<T>(_ position: Int, _: T.Type) -> T {
                bytes.loadUnaligned(fromByteOffset: position * MemoryLayout<T>.size, as: T.self)
            }
            for position in range {
                switch port.element {
                case .f32: json.value(load(position, Float.self))
                case .f64: json.value(load(position, Double.self))
                case .f16: json.value(Float(load(position, Float16.self)))
                case .bf16: json.value(BFloat16(bits: load(position, UInt16.self)).float)
                case .i64, .timestamp: json.value(load(position, Int64.self))
                case .i32: json.value(load(position, Int32.self))
                case .i16: json.value(load(position, Int16.self))
                case .i8: json.value(load(position, Int8.self))
                case .u64: json.value(load(position, UInt64.self))
                case .u32: json.value(load(position, UInt32.self))
                case .u16: json.value(load(position, UInt16.self))
                case .u8: json.value(load(position, UInt8.self))
                case .bool: json.value(load(position, UInt8.self) != 0)
                case .string: json.null()
                }
            }
        }
    }

    static func binary(_ context: Context, _ index: Int, _ port: Schema.OutputPort, rows: Int, into out: inout [UInt8]) {
        if port.element == .string {
            context.withStrings(index) { views in
                for view in views.prefix(rows * port.width) {
                    withUnsafeBytes(of: UInt32(view.count).littleEndian) { out += $0 }
                    out += view.bytes
                }
            }
        } else {
            context.withOutput(index) { bytes in out += bytes.prefix(rows * port.width * (port.element.byteCount ?? 0)) }
        }
    }
}
