import MaxFormats
import MaxIR

/// Lines `key=value` of a model file that belong together: its head, or one tree.
struct LightGBMSection {
    /// `header`, or `Tree=3`, for error messages.
    let place: String
    private var values: [String: ArraySlice<UInt8>] = [:]
    /// Lines without `=`.
    private(set) var words: Set<String> = []

    init(place: String) { self.place = place }

    mutating func add(_ line: ArraySlice<UInt8>) throws(MaxError) {
        guard let split = line.firstIndex(of: UInt8(ascii: "=")) else {
            words.insert(String(decoding: line, as: UTF8.self))
            return
        }
        let key = String(decoding: line[..<split], as: UTF8.self)
        guard values.updateValue(line[(split + 1)...], forKey: key) == nil else { throw malformed(key, "stands twice") }
    }

    func malformed(_ key: String, _ message: String) -> MaxError { MaxError(.malformed, "lightgbm: \(place): \(key): \(message)") }

    func optional(_ key: String) -> ArraySlice<UInt8>? { values[key] }

    func bytes(_ key: String) throws(MaxError) -> ArraySlice<UInt8> {
        guard let value = values[key] else { throw malformed(key, "is missing") }
        return value
    }

    func text(_ key: String) throws(MaxError) -> String { String(decoding: try bytes(key), as: UTF8.self) }

    func integer(_ key: String, _ range: ClosedRange<Int>) throws(MaxError) -> Int {
        let value = try bytes(key)
        guard let found = Decimal.integer(value).flatMap({ Int(exactly: $0) }), range.contains(found) else {
            throw malformed(
                key, "found \(Text(utf8: Array(value)).quoted), expected an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return found
    }

    /// `count` integers separated by spaces.
    func integers(_ key: String, count: Int) throws(MaxError) -> [Int64] {
        try numbers(key, count, "an integer", Decimal.integer)
    }

    /// `count` numbers separated by spaces, as C prints them: `inf`, `-inf` and `nan` too.
    func doubles(_ key: String, count: Int) throws(MaxError) -> [Double] {
        try numbers(key, count, "a number", Decimal.double)
    }

    private func numbers<T>(
        _ key: String, _ count: Int, _ what: String, _ read: (ArraySlice<UInt8>) -> T?
    ) throws(MaxError) -> [T] {
        var out: [T] = []
        out.reserveCapacity(count)
        for (index, word) in try list(key, count).enumerated() {
            guard let value = read(word) else {
                throw malformed(key, "element \(index) is \(Text(utf8: Array(word)).quoted), expected \(what)")
            }
            out.append(value)
        }
        return out
    }

    /// The words of a value, separated by single spaces.
    func list(_ key: String) throws(MaxError) -> [ArraySlice<UInt8>] { try bytes(key).split(separator: UInt8(ascii: " ")) }

    private func list(_ key: String, _ count: Int) throws(MaxError) -> [ArraySlice<UInt8>] {
        let words = try list(key)
        guard words.count == count else { throw malformed(key, "\(words.count) elements, expected \(count)") }
        return words
    }
}
