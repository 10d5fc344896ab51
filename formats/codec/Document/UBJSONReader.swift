import MaxIR

/// Reads UBJSON (draft 12) as XGBoost writes it: big-endian; object keys are a length and bytes; arrays are
/// counted (`[#L n`), typed (`[$t#L n`) or closed by `]`.
public struct UBJSONReader {
    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: `.malformed` with the byte where the data stops being UBJSON, also for a key that stands twice and
    ///   for bytes after the document; `.limitExceeded` for deep nesting.
    public static func read(_ bytes: [UInt8]) throws(MaxError) -> Document {
        var reader = UBJSONReader(bytes)
        let document = try reader.value(depth: 0)
        guard reader.position == bytes.count else {
            throw MaxError(.malformed, "ubjson: byte \(reader.position): found more data, expected the end")
        }
        return document
    }

    private func malformed(_ what: String) -> MaxError { MaxError(.malformed, "ubjson: byte \(position): \(what)") }

    private mutating func marker() throws(MaxError) -> UInt8 {
        guard position < bytes.count else { throw malformed("found the end, expected a value") }
        position += 1
        return bytes[position - 1]
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ count: Int) throws(MaxError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else {
            throw malformed("\(count) bytes announced, \(bytes.count - position) left")
        }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    private mutating func bigEndian<T: FixedWidthInteger>(_: T.Type = T.self) throws(MaxError) -> T {
        try take(MemoryLayout<T>.size).reduce(T(0)) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }

    private mutating func value(depth: Int) throws(MaxError) -> Document {
        guard depth < DocumentLimits.depth else {
            throw MaxError(.limitExceeded, "ubjson: byte \(position): nested deeper than \(DocumentLimits.depth)")
        }
        let marker = try marker()
        switch Character(Unicode.Scalar(marker)) {
        case "Z": return .null
        case "T": return .bool(true)
        case "F": return .bool(false)
        case "S": return .string(try text())
        case "d": return .number(.float(Float(bitPattern: try bigEndian())))
        case "D": return .number(.double(Double(bitPattern: try bigEndian())))
        case "C": return .number(.integer(Int64(try bigEndian(UInt8.self))))
        case "[": return try array(depth: depth)
        case "{": return try object(depth: depth)
        default:
            guard let integer = try integer(marker) else {
                position -= 1
                throw malformed("found type \(Text(utf8: [marker]).quoted), expected a value")
            }
            return .number(.integer(integer))
        }
    }

    private mutating func integer(_ marker: UInt8) throws(MaxError) -> Int64? {
        switch Character(Unicode.Scalar(marker)) {
        case "i": Int64(try bigEndian(Int8.self))
        case "U": Int64(try bigEndian(UInt8.self))
        case "I": Int64(try bigEndian(Int16.self))
        case "l": Int64(try bigEndian(Int32.self))
        case "L": try bigEndian(Int64.self)
        default: nil
        }
    }

    /// A length: an integer of any width, not negative, not more than bytes are left.
    private mutating func length() throws(MaxError) -> Int {
        guard let value = try integer(try marker()) else { throw malformed("expected a length") }
        guard value >= 0, value <= Int64(bytes.count - position) else {
            throw malformed("length \(value), expected 0 to \(bytes.count - position), the bytes that are left")
        }
        return Int(value)
    }

    private mutating func text() throws(MaxError) -> Text {
        let text = Text(utf8: Array(try take(try length())))
        guard text.isValidUTF8 else { throw malformed("the string is not UTF-8") }
        return text
    }

    private mutating func object(depth: Int) throws(MaxError) -> Document {
        var out = DocumentObject()
        while next != UInt8(ascii: "}") {
            let key = try text()
            guard out.add(key, try value(depth: depth + 1)) else { throw malformed("key \(key.quoted) stands twice") }
        }
        position += 1
        return .object(out)
    }

    private mutating func array(depth: Int) throws(MaxError) -> Document {
        if next == UInt8(ascii: "$") { return try typedArray() }
        var out: [Document] = []
        if next == UInt8(ascii: "#") {
            position += 1
            for _ in 0..<(try length()) { out.append(try value(depth: depth + 1)) }
        } else {
            while next != UInt8(ascii: "]") { out.append(try value(depth: depth + 1)) }
            position += 1
        }
        return Self.packed(out)
    }

    /// Numbers as packed numbers, so that both formats give one form.
    private static func packed(_ elements: [Document]) -> Document {
        var integers: [Int64] = []
        for element in elements {
            guard case .number(.integer(let value)) = element else { return packedFloats(elements) }
            integers.append(value)
        }
        return integers.isEmpty ? .array([]) : .numbers(NumberArray(.i64(integers)))
    }

    private static func packedFloats(_ elements: [Document]) -> Document {
        var floats: [Double] = []
        for element in elements {
            guard case .number(let number) = element, let value = number.double else { return .array(elements) }
            if case .integer(let integer) = number, Int64(exactly: value) != integer { return .array(elements) }
            floats.append(value)
        }
        return .numbers(NumberArray(.f64(floats)))
    }

    private mutating func typedArray() throws(MaxError) -> Document {
        position += 1
        let type = try marker()
        guard try marker() == UInt8(ascii: "#") else {
            throw malformed("expected '#' and a count after the type of an array")
        }
        let count = try length()
        func elements<T: FixedWidthInteger, E>(
            _ reader: inout UBJSONReader, _: T.Type, _ convert: (T) -> E
        ) throws(MaxError) -> [E] {
            let width = MemoryLayout<T>.size
            let data = try reader.take(try count.multiplied(by: width, "ubjson: array"))
            var out: [E] = []
            out.reserveCapacity(count)
            var at = data.startIndex
            for _ in 0..<count {
                var value = T(0)
                for _ in 0..<width {
                    value = value << 8 | T(truncatingIfNeeded: data[at])
                    at += 1
                }
                out.append(convert(value))
            }
            return out
        }
        let storage: TensorStorage
        switch Character(Unicode.Scalar(type)) {
        case "d": storage = .f32(try elements(&self, UInt32.self) { Float(bitPattern: $0) })
        case "D": storage = .f64(try elements(&self, UInt64.self) { Double(bitPattern: $0) })
        case "i": storage = .i8(try elements(&self, Int8.self) { $0 })
        case "U": storage = .u8(try elements(&self, UInt8.self) { $0 })
        case "I": storage = .i16(try elements(&self, Int16.self) { $0 })
        case "l": storage = .i32(try elements(&self, Int32.self) { $0 })
        case "L": storage = .i64(try elements(&self, Int64.self) { $0 })
        default: throw malformed("array of type \(Text(utf8: [type]).quoted), expected d, D, i, U, I, l or L")
        }
        return count == 0 ? .array([]) : .numbers(NumberArray(storage))
    }
}
