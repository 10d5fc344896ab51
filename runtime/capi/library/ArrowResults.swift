import CMaxAI
import Glibc
import MaxIR
import MaxRuntime

/// The results of a call, copied into structures of the Arrow C data interface. All memory in them is malloc's, as
/// maxai_abi_release_array and maxai_abi_release_schema expect.
struct ArrowResults {
    private struct Column {
        let name: Text
        let format: String
        let element: ElementType
        let width: Int
        let start: UnsafeRawPointer
        let count: Int
    }
    private var columns: [Column] = []
    private let rows: Int

    init(_ scorer: Scorer) throws(MaxError) {
        rows = scorer.rows ?? 0
        for (index, port) in scorer.model.schema.outputs.enumerated() {
            let (start, count) = try scorer.output(index)
            guard let format = port.element == .string ? "U" : port.element.arrowFormat else {
                throw MaxError(.unsupported, "output \(port.name.quoted): arrow has no \(port.element)")
            }
            columns.append(Column(name: port.name, format: format, element: port.element, width: port.width, start: start, count: count))
        }
    }

    func array() -> ArrowArray {
        Self.array(
            rows, [nil],
            columns.map { column in
                let values = Self.array(column.count, Self.buffers(column), [])
                return column.width == 1 ? values : Self.array(rows, [nil], [values])
            })
    }

    func schema() -> ArrowSchema {
        Self.schema(
            "", "+s",
            columns.map { column in
                column.width == 1
                    ? Self.schema(column.name.string, column.format, [])
                    : Self.schema(column.name.string, "+w:\(column.width)", [Self.schema("item", column.format, [])])
            })
    }

    private static func buffers(_ column: Column) -> [UnsafeMutableRawPointer?] {
        switch column.element {
        case .string:
            let texts = UnsafeBufferPointer(start: column.start.assumingMemoryBound(to: maxai_string.self), count: column.count)
            let offsets = memory((column.count + 1) * 8).bindMemory(to: Int64.self, capacity: column.count + 1)
            let bytes = memory(texts.reduce(0) { $0 + $1.size })
            offsets[0] = 0
            for (index, text) in texts.enumerated() {
                if let data = text.data { memcpy(bytes + Int(offsets[index]), data, text.size) }
                offsets[index + 1] = offsets[index] + Int64(text.size)
            }
            return [nil, UnsafeMutableRawPointer(offsets), bytes]
        case .bool:
            let bits = memory((column.count + 7) / 8)
            memset(bits, 0, (column.count + 7) / 8)
            let (from, to) = (column.start.assumingMemoryBound(to: UInt8.self), bits.assumingMemoryBound(to: UInt8.self))
            for index in 0..<column.count where from[index] != 0 { to[index >> 3] |= 1 << UInt8(index & 7) }
            return [nil, bits]
        default:
            let size = column.count * (column.element.byteCount ?? 0)
            let copy = memory(size)
            memcpy(copy, column.start, size)
            return [nil, copy]
        }
    }

    private static func array(_ length: Int, _ buffers: [UnsafeMutableRawPointer?], _ children: [ArrowArray]) -> ArrowArray {
        let list = memory(buffers.count * 8).bindMemory(to: UnsafeRawPointer?.self, capacity: buffers.count)
        for (index, buffer) in buffers.enumerated() { list[index] = buffer.map { UnsafeRawPointer($0) } }
        return ArrowArray(
            length: Int64(length), null_count: 0, offset: 0, n_buffers: Int64(buffers.count), n_children: Int64(children.count),
            buffers: list, children: pointers(children), dictionary: nil, release: { maxai_abi_release_array($0) }, private_data: nil)
    }

    private static func schema(_ name: String, _ format: String, _ children: [ArrowSchema]) -> ArrowSchema {
        ArrowSchema(
            format: UnsafePointer(strdup(format)), name: UnsafePointer(strdup(name)), metadata: nil, flags: 0,
            n_children: Int64(children.count), children: pointers(children), dictionary: nil,
            release: { maxai_abi_release_schema($0) }, private_data: nil)
    }

    private static func pointers<T>(_ values: [T]) -> UnsafeMutablePointer<UnsafeMutablePointer<T>?> {
        let list = memory(values.count * 8).bindMemory(to: UnsafeMutablePointer<T>?.self, capacity: values.count)
        for (index, value) in values.enumerated() {
            let place = memory(MemoryLayout<T>.size).bindMemory(to: T.self, capacity: 1)
            place.initialize(to: value)
            list[index] = place
        }
        return list
    }

    private static func memory(_ byteCount: Int) -> UnsafeMutableRawPointer {
        // The results are there once already: a system without memory for them twice has ended processes before this one.
        guard let memory = malloc(max(byteCount, 1)) else { return UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 16) }
        return memory
    }
}
