import CArrowABI
import MaxIR

/// What an exported array or schema points at, and what keeps that alive. Freed when the structure is released.
private final class Exported {
    var buffers: UnsafeMutablePointer<UnsafeRawPointer?>?
    var arrays: UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>?
    var schemas: UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>?
    var strings: [UnsafeMutablePointer<CChar>] = []
    let childCount: Int
    private let owner: AnyObject?

    init(childCount: Int, owner: AnyObject?) {
        self.childCount = childCount
        self.owner = owner
    }

    func string(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (i, byte) in bytes.enumerated() { copy[i] = CChar(bitPattern: byte) }
        copy[bytes.count] = 0
        strings.append(copy)
        return UnsafePointer(copy)
    }

    deinit {
        for i in 0..<childCount {
            if let child = arrays?[i] {
                child.pointee.release?(child)
                child.deallocate()
            }
            if let child = schemas?[i] {
                child.pointee.release?(child)
                child.deallocate()
            }
        }
        buffers?.deallocate()
        arrays?.deallocate()
        schemas?.deallocate()
        strings.forEach { $0.deallocate() }
    }
}

extension ArrowArray {
    /// An array over memory of `owner`, which is held until the array is released.
    init(
        length: Int, missing: Int, offset: Int = 0, buffers: [UnsafeRawPointer?], children: [ArrowArray] = [],
        owner: AnyObject?
    ) {
        let exported = Exported(childCount: children.count, owner: owner)
        let pointers = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: max(1, buffers.count))
        pointers.initialize(to: nil)
        for (i, buffer) in buffers.enumerated() { pointers[i] = buffer }
        exported.buffers = pointers
        if !children.isEmpty {
            let arrays = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(capacity: children.count)
            for (i, child) in children.enumerated() {
                let place = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
                place.initialize(to: child)
                (arrays + i).initialize(to: place)
            }
            exported.arrays = arrays
        }
        self.init()
        self.length = Int64(length)
        null_count = Int64(missing)
        self.offset = Int64(offset)
        n_buffers = Int64(buffers.count)
        n_children = Int64(children.count)
        self.buffers = exported.buffers
        self.children = exported.arrays
        private_data = Unmanaged.passRetained(exported).toOpaque()
        release = { array in
            guard let array, let data = array.pointee.private_data else { return }
            array.pointee.release = nil
            array.pointee.private_data = nil
            Unmanaged<Exported>.fromOpaque(data).release()
        }
    }

    /// The column in `buffer`, without a copy.
    init(_ buffer: ColumnBuffer, isList: Bool) {
        let validity = buffer.validity.map { UnsafeRawPointer($0) }
        let values = UnsafeRawPointer(buffer.values)
        if isList {
            let elements = ArrowArray(
                length: buffer.rows * buffer.width, missing: 0, buffers: [nil, values], owner: buffer)
            self.init(
                length: buffer.rows, missing: buffer.missingCount, buffers: [validity], children: [elements],
                owner: buffer)
        } else if let offsets = buffer.offsets {
            self.init(
                length: buffer.rows, missing: buffer.missingCount, buffers: [validity, UnsafeRawPointer(offsets), values],
                owner: buffer)
        } else {
            self.init(length: buffer.rows, missing: buffer.missingCount, buffers: [validity, values], owner: buffer)
        }
    }

    /// Rows of column `index` of a batch that was read, without a copy.
    init?(_ batch: RecordBatch, column index: Int, rows: Range<Int>) {
        guard let child = batch.child(index), let buffers = child.buffers else { return nil }
        self.init(
            length: rows.count, missing: child.null_count == 0 ? 0 : -1, offset: Int(child.offset + batch.offset) + rows.lowerBound,
            buffers: (0..<Int(child.n_buffers)).map { buffers[$0] }, owner: batch)
    }
}

extension ArrowSchema {
    init(name: [UInt8], format: String, children: [ArrowSchema] = []) {
        let exported = Exported(childCount: children.count, owner: nil)
        if !children.isEmpty {
            let schemas = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(capacity: children.count)
            for (i, child) in children.enumerated() {
                let place = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
                place.initialize(to: child)
                (schemas + i).initialize(to: place)
            }
            exported.schemas = schemas
        }
        self.init()
        self.name = exported.string(name)
        self.format = exported.string(Array(format.utf8))
        flags = Int64(ARROW_FLAG_NULLABLE)
        n_children = Int64(children.count)
        self.children = exported.schemas
        private_data = Unmanaged.passRetained(exported).toOpaque()
        release = { schema in
            guard let schema, let data = schema.pointee.private_data else { return }
            schema.pointee.release = nil
            schema.pointee.private_data = nil
            Unmanaged<Exported>.fromOpaque(data).release()
        }
    }

    /// The schema of a table with these columns.
    init(_ columns: [OutputColumn]) {
        let children = columns.map { column in
            guard let length = column.listLength else { return ArrowSchema(name: column.name.utf8, format: column.format) }
            let item = ArrowSchema(name: Array("item".utf8), format: column.format)
            return ArrowSchema(name: column.name.utf8, format: "+w:\(length)", children: [item])
        }
        self.init(name: [], format: "+s", children: children)
    }
}
