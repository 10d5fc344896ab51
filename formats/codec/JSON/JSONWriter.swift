import MaxIR

/// Writes JSON: members in the order of the calls, no white space, floats in the shortest form that reads back.
public struct JSONWriter {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init() { bytes.reserveCapacity(512) }

    /// Keeps the memory, forgets the text.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    public mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try body(&self)
        close(UInt8(ascii: "}"))
    }

    public mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        try body(&self)
        close(UInt8(ascii: "]"))
    }

    public mutating func key(_ name: String) {
        separate()
        quoted(name.utf8)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func member(_ name: String, _ value: String) {
        key(name)
        self.value(value)
    }
    public mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        self.value(value)
    }
    public mutating func member(_ name: String, _ value: Bool) {
        key(name)
        self.value(value)
    }
    public mutating func member(_ name: String, _ value: Double) {
        key(name)
        self.value(value)
    }
    /// `json` is one JSON value, and stands as it is.
    public mutating func member(_ name: String, json: [UInt8]) {
        key(name)
        separate()
        bytes.append(contentsOf: json)
    }
    public mutating func member(_ name: String, object body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(body)
    }
    public mutating func member(_ name: String, array body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try array(body)
    }

    public mutating func value(_ text: String) {
        separate()
        quoted(text.utf8)
    }

    /// Bytes that are not UTF-8 are written as U+FFFD.
    public mutating func value(_ text: Text) {
        separate()
        if text.isValidUTF8 { quoted(text.utf8) } else { quoted(text.string.utf8) }
    }

    /// UTF-8 bytes, written as a string.
    public mutating func value(utf8 text: UnsafeBufferPointer<UInt8>) {
        separate()
        quoted(text)
    }

    public mutating func value(_ number: some BinaryInteger) {
        separate()
        bytes.append(contentsOf: String(number).utf8)
    }

    public mutating func value(_ flag: Bool) {
        separate()
        bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
    }

    /// NaN and the infinities, which JSON cannot say, are written as null.
    public mutating func value(_ number: Double) {
        separate()
        bytes.append(contentsOf: number.isFinite ? number.description.utf8 : "null".utf8)
    }

    public mutating func value(_ number: Float) {
        separate()
        bytes.append(contentsOf: number.isFinite ? number.description.utf8 : "null".utf8)
    }

    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func quoted(_ text: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7f:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: [
                    UInt8(ascii: "\\"), UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), digits[Int(byte >> 4)],
                    digits[Int(byte & 15)],
                ])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
