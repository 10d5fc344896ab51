import MaxIR

/// Reads the protobuf wire format from memory that it does not copy. Every length is checked before it is used.
///
/// Source: protobuf.dev/programming-guides/encoding. Groups (wire types 3 and 4) are refused: no format read
/// here has them. Unknown fields are skipped.
public struct WireReader {
    /// The bytes of one message.
    public let bytes: UnsafeRawBufferPointer
    /// The next byte to read, within `bytes`.
    public private(set) var position = 0
    /// Where `bytes` starts in the file, for messages.
    private let origin: Int
    private let depth: Int

    /// Messages may nest this deep.
    public static let maximumDepth = 32

    public init(_ bytes: UnsafeRawBufferPointer) { self.init(bytes, origin: 0, depth: 0) }

    private init(_ bytes: UnsafeRawBufferPointer, origin: Int, depth: Int) {
        self.bytes = bytes
        self.origin = origin
        self.depth = depth
    }

    public enum WireType: UInt8 { case varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 }

    /// One field: its number and its value as the wire has it.
    public struct Field {
        public let number: Int
        public let type: WireType
        /// For varint, fixed64 and fixed32.
        public let word: UInt64
        /// For `bytes`.
        public let content: UnsafeRawBufferPointer
        let origin: Int
    }

    /// The next field, or nil at the end.
    public mutating func next() throws(MaxError) -> Field? {
        guard position < bytes.count else { return nil }
        let key = try varint()
        let number = Int(key >> 3)
        guard number >= 1, number < 1 << 29 else { throw malformed("field number \(key >> 3)") }
        guard let type = WireType(rawValue: UInt8(key & 7)) else {
            throw malformed("wire type \(key & 7) of field \(number), expected 0, 1, 2 or 5")
        }
        switch type {
        case .varint: return field(number, type, word: try varint())
        case .fixed64: return field(number, type, word: try fixed(UInt64.self))
        case .fixed32: return field(number, type, word: UInt64(try fixed(UInt32.self)))
        case .bytes:
            let length = try varint()
            guard length <= UInt64(bytes.count - position) else {
                throw malformed("field \(number) declares \(length) bytes, \(bytes.count - position) remain")
            }
            let start = position
            position += Int(length)
            return Field(
                number: number, type: type, word: 0,
                content: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), origin: origin + start)
        }
    }

    /// A reader of a nested message.
    public func message(_ field: Field) throws(MaxError) -> WireReader {
        guard field.type == .bytes else { throw malformed("field \(field.number) is not a message") }
        guard depth < Self.maximumDepth else {
            throw MaxError(.limitExceeded, "protobuf at byte \(field.origin): nested deeper than \(Self.maximumDepth)")
        }
        return WireReader(field.content, origin: field.origin, depth: depth + 1)
    }

    public func malformed(_ message: String) -> MaxError {
        MaxError(.malformed, "protobuf at byte \(origin + position): \(message)")
    }

    private func field(_ number: Int, _ type: WireType, word: UInt64) -> Field {
        Field(number: number, type: type, word: word, content: UnsafeRawBufferPointer(start: nil, count: 0), origin: origin + position)
    }

    public mutating func varint() throws(MaxError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if shift == 63, byte > 1 { throw malformed("varint exceeds 64 bits") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw malformed("varint exceeds 10 bytes") }
        }
        throw malformed("varint is cut off")
    }

    private mutating func fixed<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) throws(MaxError) -> Word {
        let width = MemoryLayout<Word>.size
        guard bytes.count - position >= width else {
            throw malformed("a value of \(width) bytes is cut off: \(bytes.count - position) remain")
        }
        defer { position += width }
        return Word(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Word.self))
    }
}

extension WireReader.Field {
    public var int64: Int64 { Int64(bitPattern: word) }
    public var float: Float { Float(bitPattern: UInt32(truncatingIfNeeded: word)) }
    public var double: Double { Double(bitPattern: word) }
    public var text: Text { Text(utf8: Array(content)) }

    /// Elements of a repeated varint field, packed or single.
    public func varints(into out: inout [Int64]) throws(MaxError) {
        guard type == .bytes else {
            out.append(int64)
            return
        }
        var reader = WireReader(content)
        while reader.position < content.count { out.append(Int64(bitPattern: try reader.varint())) }
    }

    /// Elements of a repeated fixed-width field, packed or single.
    public func words<Word: FixedWidthInteger & BitwiseCopyable>(into out: inout [Word]) throws(MaxError) {
        guard type == .bytes else {
            out.append(Word(truncatingIfNeeded: word))
            return
        }
        let width = MemoryLayout<Word>.size
        guard content.count % width == 0 else {
            throw MaxError(.malformed, "protobuf field \(number): \(content.count) bytes, expected a multiple of \(width)")
        }
        out.reserveCapacity(out.count + content.count / width)
        for start in stride(from: 0, to: content.count, by: width) {
            out.append(Word(littleEndian: content.loadUnaligned(fromByteOffset: start, as: Word.self)))
        }
    }
}
