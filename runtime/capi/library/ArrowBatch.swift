import CMaxAI
import MaxIR
import MaxRuntime

/// A struct array of the Arrow C data interface, seen as named columns. Borrowed: the caller releases it.
struct ArrowBatch {
    let rows: Int
    private let array: ArrowArray
    private let schema: ArrowSchema
    private var positions: [Text: Int] = [:]

    init(_ array: ArrowArray, _ schema: ArrowSchema, _ maximumRows: Int) throws(MaxError) {
        guard array.release != nil, schema.release != nil else { throw MaxError(.usage, "the arrow structures are released already") }
        guard let format = schema.format, String(cString: format) == "+s" else {
            throw MaxError(.usage, "the arrow array is not a struct (format \"+s\"): a record batch is asked for")
        }
        guard array.length >= 0, array.length <= maximumRows else {
            throw MaxError(.limitExceeded, "\(array.length) rows, this context takes at most \(maximumRows)")
        }
        guard array.offset >= 0, array.offset < 1 << 40 else { throw MaxError(.usage, "an arrow offset of \(array.offset)") }
        guard array.null_count == 0 || array.n_buffers < 1 || array.buffers?[0] == nil else {
            throw MaxError(.unsupported, "an arrow struct array with rows that are null as a whole")
        }
        guard array.n_children >= 0, array.n_children == schema.n_children else {
            throw MaxError(.usage, "\(array.n_children) arrow arrays, \(schema.n_children) fields")
        }
        rows = Int(array.length)
        self.array = array
        self.schema = schema
        for index in 0..<Int(array.n_children) {
            guard let name = schema.children?[index]?.pointee.name else { continue }
            guard positions.updateValue(index, forKey: Text(String(cString: name))) == nil else {
                throw MaxError(.usage, "arrow field \(Text(String(cString: name)).quoted) is there twice")
            }
        }
    }

    func views(for schema: Schema) throws(MaxError) -> [ColumnView] {
        var views: [ColumnView] = []
        for column in schema.columns {
            guard let position = positions[column.name] else {
                throw MaxError(.malformed, "column \(column.name.quoted): not among the arrow fields")
            }
            do throws(MaxError) { views.append(try view(position)) } catch { throw error.inside("column \(column.name.quoted)") }
        }
        return views
    }

    private func view(_ position: Int) throws(MaxError) -> ColumnView {
        guard let field = schema.children?[position]?.pointee, let child = array.children?[position]?.pointee, let format = field.format
        else { throw MaxError(.usage, "an arrow structure is NULL") }
        let name = String(cString: format)
        guard field.dictionary == nil, let element = ElementType(arrowFormat: name) else {
            throw MaxError(
                .unsupported, "arrow type \(name)\(field.dictionary == nil ? "" : " with a dictionary"): cast the column to a plain type")
        }
        guard child.offset >= 0, child.offset < 1 << 40, child.length >= array.offset + array.length else {
            throw MaxError(.usage, "\(child.length) values from \(child.offset) on, expected \(array.offset + array.length)")
        }
        guard child.n_buffers == (element == .string ? 3 : 2), let buffers = child.buffers else {
            throw MaxError(.usage, "\(child.n_buffers) buffers, expected \(element == .string ? 3 : 2)")
        }
        let first = Int(array.offset + child.offset)
        var column = maxai_column()
        column.type = Int32(element.code)
        if child.null_count != 0, let validity = buffers[0] {
            column.validity = validity.assumingMemoryBound(to: UInt8.self)
            column.validity_offset = Int64(first)
        }
        switch element {
        case .string:
            let isWide = name == "U"
            column.flags = isWide ? Int32(MAXAI_WIDE_OFFSETS) : 0
            column.offsets = buffers[1].map { $0 + first * (isWide ? 8 : 4) }
            column.values = buffers[2]
        case .bool:
            column.flags = Int32(MAXAI_BITMAP)
            column.values = buffers[1]
            column.bit_offset = Int64(first)
        default: column.values = buffers[1].map { $0 + first * (element.byteCount ?? 0) }
        }
        return try ColumnCheck.view(column, rows: rows)
    }
}

extension ElementType {
    /// <https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings>
    fileprivate init?(arrowFormat format: String) {
        guard let element = Self.allCases.first(where: { $0.arrowFormat == format }) else {
            if format == "U" {
                self = .string
            } else if format.hasPrefix("tsu:") {
                self = .timestamp
            } else {
                return nil
            }
            return
        }
        self = element
    }

    /// nil for `bf16`, which Arrow does not have.
    var arrowFormat: String? {
        switch self {
        case .f64: "g"
        case .f32: "f"
        case .f16: "e"
        case .bf16: nil
        case .i64: "l"
        case .i32: "i"
        case .i16: "s"
        case .i8: "c"
        case .u64: "L"
        case .u32: "I"
        case .u16: "S"
        case .u8: "C"
        case .bool: "b"
        case .string: "u"
        case .timestamp: "tsu:UTC"
        }
    }
}
