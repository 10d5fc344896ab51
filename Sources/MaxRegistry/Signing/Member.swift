import MaxFormats
import MaxIR

enum Hexadecimal {
    /// nil unless `text` is pairs of lowercase hexadecimal digits.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var out: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            out.append(high << 4 | low)
        }
        return out
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - 87
        default: nil
        }
    }
}

/// A value of a JSON document with its place, for messages.
struct Member {
    let value: Document
    let place: String

    init(_ value: Document, _ place: String) {
        self.value = value
        self.place = place
    }

    private func wrong(_ expected: String) -> MaxError { MaxError(.malformed, "\(place): found \(value.kind), expected \(expected)") }

    func member(_ name: String) throws(MaxError) -> Member {
        guard case .object(let object) = value else { throw wrong("an object") }
        guard let found = object[Text(name)] else { throw MaxError(.malformed, "\(place): '\(name)' is missing") }
        return Member(found, "\(place).\(name)")
    }

    func optional(_ name: String) -> Member? {
        guard case .object(let object) = value, let found = object[Text(name)] else { return nil }
        if case .null = found { return nil }
        return Member(found, "\(place).\(name)")
    }

    func onlyMembers(_ names: Set<String>) throws(MaxError) {
        guard case .object(let object) = value else { throw wrong("an object") }
        for (key, _) in object.members where !names.contains(key.string) {
            throw MaxError(.malformed, "\(place): member \(key.quoted) is not allowed")
        }
    }

    func elements() throws(MaxError) -> [Member] {
        guard case .array(let list) = value else { throw wrong("an array") }
        return list.enumerated().map { Member($1, "\(place)[\($0)]") }
    }

    func text() throws(MaxError) -> Text {
        guard case .string(let text) = value else { throw wrong("a text") }
        return text
    }

    func expect(_ expected: String) throws(MaxError) {
        let found = try text()
        guard found == Text(expected) else { throw MaxError(.malformed, "\(place): found \(found.quoted), expected \"\(expected)\"") }
    }
}
