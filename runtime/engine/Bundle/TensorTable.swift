import MaxIR

/// A run of tensors as one section: a fixed-size record each, then their data, 64-aligned, without holes.
///
///     0 count u32 | 4 zero u32 | 8 zero to 64 | records of 96 | zero to 64 | data …
///     record   0 element u8 | 1 rank u8 | 2 zero 6 | 8 offset u64 | 16 bytes u64 | 24 extents 8 × u64 | 88 zero 8
///
/// Offsets count from the start of the section. A string tensor's data is `n + 1` offsets (u64, from 0) and the
/// UTF-8 bytes they delimit.
enum TensorTable {
    static let recordBytes = 96
    static let alignment = 64
    static let maximumTensors = 1 << 20

    static func write(_ tensors: [Tensor]) throws(MaxError) -> [UInt8] {
        guard tensors.count <= maximumTensors else {
            throw MaxError(.limitExceeded, "\(tensors.count) constants, at most \(maximumTensors)")
        }
        var out = [UInt8](repeating: 0, count: alignment)
        out.write(UInt32(tensors.count), at: 0)
        out += [UInt8](repeating: 0, count: tensors.count * recordBytes)
        for (index, tensor) in tensors.enumerated() {
            guard tensor.rank <= Limits.rank else {
                throw MaxError(.limitExceeded, "constant of rank \(tensor.rank), at most \(Limits.rank)")
            }
            out.pad(to: alignment)
            let start = out.count
            if case .string(let texts) = tensor.storage {
                var end: UInt64 = 0
                out.append(word: end)
                for text in texts {
                    end += UInt64(text.utf8.count)
                    out.append(word: end)
                }
                for text in texts { out += text.utf8 }
            } else {
                tensor.storage.withBytes { out += $0 }
            }
            let record = alignment + index * recordBytes
            out[record] = tensor.elementType.code
            out[record + 1] = UInt8(tensor.rank)
            out.write(UInt64(start), at: record + 8)
            out.write(UInt64(out.count - start), at: record + 16)
            for (axis, extent) in tensor.shape.enumerated() { out.write(UInt64(extent), at: record + 24 + axis * 8) }
        }
        return out
    }

    static func read(_ bytes: UnsafeRawBufferPointer, name: String) throws(MaxError) -> [Tensor] {
        var tensors: [Tensor] = []
        for (index, view) in try views(bytes, name: name).enumerated() {
            let elements = try elementCount(of: view.shape)
            let storage =
                view.element == .string
                ? try strings(view.bytes, count: elements, "\(name): tensor \(index)")
                : try TensorStorage(view.element, count: elements, bytes: view.bytes)
            tensors.append(try Tensor(shape: view.shape, storage))
        }
        return tensors
    }

    /// The tensors where they are, the data not looked at but for its length. Guards in a fixed order: count, then for each
    /// record its fields, extents, extent against its neighbours and the section.
    static func views(_ bytes: UnsafeRawBufferPointer, name: String) throws(MaxError) -> [TensorView] {
        guard bytes.count >= alignment else {
            throw MaxError(.malformed, "\(name): \(bytes.count) bytes, expected at least \(alignment)")
        }
        let count = Int(bytes.word(at: 0, as: UInt32.self))
        guard count <= maximumTensors else {
            throw MaxError(.limitExceeded, "\(name): \(count) tensors, at most \(maximumTensors)")
        }
        try requireZero(bytes, 4..<alignment, name)
        var end = alignment + count * recordBytes
        guard end <= bytes.count else {
            throw MaxError(.malformed, "\(name): \(count) records need \(end) bytes, found \(bytes.count)")
        }
        var views: [TensorView] = []
        views.reserveCapacity(count)
        for index in 0..<count {
            let place = "\(name): tensor \(index)"
            let record = UnsafeRawBufferPointer(rebasing: bytes[alignment + index * recordBytes..<alignment + (index + 1) * recordBytes])
            guard let type = ElementType(code: record[0]) else {
                throw MaxError(.malformed, "\(place): element type \(record[0]) is unknown")
            }
            let rank = Int(record[1])
            guard rank <= Limits.rank else { throw MaxError(.malformed, "\(place): rank \(rank), at most \(Limits.rank)") }
            try requireZero(record, 2..<8, place)
            try requireZero(record, 24 + rank * 8..<recordBytes, place)
            var shape: [Int] = []
            for axis in 0..<rank {
                let extent = record.word(at: 24 + axis * 8, as: UInt64.self)
                guard extent <= UInt64(Limits.elements) else {
                    throw MaxError(.limitExceeded, "\(place): extent \(extent), at most \(Limits.elements)")
                }
                shape.append(Int(extent))
            }
            let elements = try elementCount(of: shape)
            let (offset, size) = (record.word(at: 8, as: UInt64.self), record.word(at: 16, as: UInt64.self))
            let padded = try end.adding(alignment - 1, place) / alignment * alignment
            guard offset == UInt64(padded) else {
                throw MaxError(.malformed, "\(place): starts at \(offset), expected \(padded)")
            }
            guard padded <= bytes.count, size <= UInt64(bytes.count - padded) else {
                throw MaxError(.malformed, "\(place): \(size) bytes from \(offset), but the section has \(bytes.count)")
            }
            try requireZero(bytes, end..<padded, place)
            end = padded + Int(size)
            if let width = type.byteCount {
                let expected = try elements.multiplied(by: width, place)
                guard size == UInt64(expected) else {
                    throw MaxError(.malformed, "\(place): \(size) bytes, expected \(expected) for \(elements) × \(type)")
                }
            }
            views.append(TensorView(element: type, shape: shape, bytes: UnsafeRawBufferPointer(rebasing: bytes[padded..<end])))
        }
        guard end == bytes.count else {
            throw MaxError(.malformed, "\(name): \(bytes.count - end) bytes after the last tensor")
        }
        return views
    }

    private static func strings(_ data: UnsafeRawBufferPointer, count: Int, _ place: String) throws(MaxError) -> TensorStorage {
        let head = try (try count.adding(1, place)).multiplied(by: 8, place)
        guard head <= data.count else {
            throw MaxError(.malformed, "\(place): \(data.count) bytes, expected \(head) for the offsets of \(count) texts")
        }
        let body = data.count - head
        var previous: UInt64 = 0
        guard data.word(at: 0, as: UInt64.self) == 0 else { throw MaxError(.malformed, "\(place): the first text does not start at 0") }
        var texts: [Text] = []
        texts.reserveCapacity(count)
        for index in 0..<count {
            let next = data.word(at: (index + 1) * 8, as: UInt64.self)
            guard next >= previous, next <= UInt64(body) else {
                throw MaxError(.malformed, "\(place): text \(index) spans \(previous) to \(next) of \(body) bytes")
            }
            let text = Text(utf8: Array(data[head + Int(previous)..<head + Int(next)]))
            guard text.isValidUTF8 else { throw MaxError(.malformed, "\(place): text \(index) is not UTF-8") }
            texts.append(text)
            previous = next
        }
        guard previous == UInt64(body) else { throw MaxError(.malformed, "\(place): \(UInt64(body) - previous) bytes after the last text") }
        return .string(texts)
    }
}

/// A tensor of a table, in the section's memory.
struct TensorView {
    let element: ElementType
    let shape: [Int]
    let bytes: UnsafeRawBufferPointer
}

/// Padding and reserved fields are zero, so that nothing can hide there.
func requireZero(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ place: String) throws(MaxError) {
    for position in range where bytes[position] != 0 {
        throw MaxError(.malformed, "\(place): byte \(position) is \(bytes[position]), expected 0 (padding or reserved)")
    }
}
