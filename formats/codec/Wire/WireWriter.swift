import MaxIR

/// Writes the protobuf wire format: fields in the order of the calls, so equal calls give equal bytes.
public struct WireWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Bytes as they are: a field that was encoded elsewhere.
    public mutating func raw(_ encoded: some Collection<UInt8>) { bytes.append(contentsOf: encoded) }

    private mutating func key(_ field: Int, _ type: WireReader.WireType) { varint(UInt64(field) << 3 | UInt64(type.rawValue)) }

    public mutating func int(_ field: Int, _ value: Int64) {
        key(field, .varint)
        varint(UInt64(bitPattern: value))
    }

    public mutating func float(_ field: Int, _ value: Float) {
        key(field, .fixed32)
        append(value.bitPattern)
    }

    public mutating func double(_ field: Int, _ value: Double) {
        key(field, .fixed64)
        append(value.bitPattern)
    }

    public mutating func text(_ field: Int, _ value: Text) { data(field, value.utf8) }

    public mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
        key(field, .bytes)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    public mutating func packed(_ field: Int, _ values: [Int64]) {
        var inner = WireWriter()
        for value in values { inner.varint(UInt64(bitPattern: value)) }
        data(field, inner.bytes)
    }

    public mutating func packed(_ field: Int, _ values: [Float]) {
        var inner = WireWriter()
        for value in values { inner.append(value.bitPattern) }
        data(field, inner.bytes)
    }

    public mutating func packed(_ field: Int, _ values: [Double]) {
        var inner = WireWriter()
        for value in values { inner.append(value.bitPattern) }
        data(field, inner.bytes)
    }

    public mutating func message(_ field: Int, _ body: (inout WireWriter) -> Void) {
        var inner = WireWriter()
        body(&inner)
        data(field, inner.bytes)
    }

    private mutating func append(_ word: some FixedWidthInteger) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
