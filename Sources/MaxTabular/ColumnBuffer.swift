import MaxIR

/// Values of one column of one batch, in memory that goes to the writer as it is.
///
/// Numbers and timestamps are written straight to `values`; booleans and texts have initializers of their own.
public final class ColumnBuffer: @unchecked Sendable {
    public let element: ElementType
    public let rows: Int
    /// Values per row.
    public let width: Int
    /// Numbers and timestamps: `rows * width` of them, zero at first. Booleans: a bitmap. Texts: UTF-8, back to back.
    public let values: UnsafeMutableRawPointer
    /// Bytes at `values`.
    public let byteCount: Int
    /// Texts: where each starts and ends; `rows + 1`.
    let offsets: UnsafeMutablePointer<Int32>?
    private(set) var validity: UnsafeMutablePointer<UInt8>?
    private(set) var missingCount = 0

    /// Zeros, to be overwritten. `element` is any but `string`, `bool` and `bf16`.
    public convenience init(_ element: ElementType, rows: Int, width: Int = 1) throws(MaxError) {
        guard let size = element.byteCount, element != .bool, element != .bf16, rows >= 0, width > 0 else {
            throw MaxError(.internal, "no column buffer of \(rows) × \(width) \(element.rawValue)")
        }
        let count = try elementCount(of: [rows, width])
        self.init(element, rows, width, byteCount: count * size, offsets: nil)
    }

    public convenience init(booleans: some Collection<Bool?>) {
        let rows = booleans.count
        self.init(.bool, rows, 1, byteCount: (rows + 7) / 8, offsets: nil)
        for (row, value) in booleans.enumerated() {
            if value == true { values.assumingMemoryBound(to: UInt8.self)[row >> 3] |= 1 << (row & 7) }
            if value == nil { setMissing(row) }
        }
    }

    /// - Throws: `.limitExceeded` if the texts have more than 2^31 - 1 bytes together: use smaller batches.
    public convenience init(texts: some Collection<Text?>) throws(MaxError) {
        var bytes = 0
        for text in texts { bytes += text?.utf8.count ?? 0 }
        guard bytes <= Int(Int32.max) else {
            throw MaxError(.limitExceeded, "texts of one batch have \(bytes) bytes, at most \(Int32.max): use smaller batches")
        }
        let rows = texts.count
        let offsets = UnsafeMutablePointer<Int32>.allocate(capacity: rows + 1)
        offsets[0] = 0
        self.init(.string, rows, 1, byteCount: bytes, offsets: offsets)
        var end = 0
        for (row, text) in texts.enumerated() {
            if let text {
                text.utf8.withUnsafeBytes { if let start = $0.baseAddress { (values + end).copyMemory(from: start, byteCount: $0.count) } }
                end += text.utf8.count
            } else {
                setMissing(row)
            }
            offsets[row + 1] = Int32(end)
        }
    }

    private init(_ element: ElementType, _ rows: Int, _ width: Int, byteCount: Int, offsets: UnsafeMutablePointer<Int32>?) {
        self.element = element
        self.rows = rows
        self.width = width
        self.byteCount = byteCount
        self.offsets = offsets
        values = UnsafeMutableRawPointer.allocate(byteCount: Self.padded(byteCount), alignment: 64)
        values.initializeMemory(as: UInt8.self, repeating: 0, count: Self.padded(byteCount))
    }

    deinit {
        values.deallocate()
        offsets?.deallocate()
        validity?.deallocate()
    }

    /// Marks a row as having no value. Not once the buffer is written.
    public func setMissing(_ row: Int) {
        precondition(row >= 0 && row < rows, "A row must be in the column")
        let bits: UnsafeMutablePointer<UInt8>
        if let validity {
            bits = validity
        } else {
            let bytes = Self.padded((rows + 7) / 8)
            bits = .allocate(capacity: bytes)
            bits.initialize(repeating: 0xff, count: bytes)
            validity = bits
        }
        if bits[row >> 3] & (1 << (row & 7)) != 0 { missingCount += 1 }
        bits[row >> 3] &= ~(1 << (row & 7))
    }

    /// Arrow asks for buffers that can be read in units of 64 bytes.
    private static func padded(_ bytes: Int) -> Int { max(64, (bytes + 63) & ~63) }
}
