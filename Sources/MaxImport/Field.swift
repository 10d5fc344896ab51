import MaxFormats
import MaxIR

/// One value of a model document together with its path, for error messages.
struct Field {
    /// Whose model it is: `xgboost`.
    let library: StaticString
    let value: Document
    let path: String

    func malformed(_ expected: String) -> MaxError {
        MaxError(.malformed, "\(library): \(path): found \(value.kind), expected \(expected)")
    }

    /// The member `key`, nil when the object lacks it or holds null there.
    func optional(_ key: String) throws(MaxError) -> Field? {
        guard case .object(let object) = value else { throw malformed("an object") }
        guard let member = object[Text(key)] else { return nil }
        if case .null = member { return nil }
        return Field(library: library, value: member, path: path.isEmpty ? key : "\(path).\(key)")
    }

    func member(_ key: String) throws(MaxError) -> Field {
        guard let member = try optional(key) else {
            throw MaxError(.malformed, "\(library): \(path.isEmpty ? "the model" : path): '\(key)' is missing")
        }
        return member
    }

    func text() throws(MaxError) -> Text {
        guard case .string(let text) = value else { throw malformed("a string") }
        return text
    }

    /// An integer, which `learner_model_param` and `tree_param` write as a string.
    func integer(_ range: ClosedRange<Int64>) throws(MaxError) -> Int {
        let found: Int64?
        switch value {
        case .string(let text): found = Int64(text.string)
        case .number(let number): found = number.integer
        default: throw malformed("an integer")
        }
        guard let found, range.contains(found) else {
            throw MaxError(
                .malformed,
                "\(library): \(path): expected an integer from \(range.lowerBound) to \(range.upperBound)"
                    + (found.map { ", found \($0)" } ?? ""))
        }
        return Int(found)
    }

    func elements() throws(MaxError) -> [Field] {
        guard case .array(let elements) = value else {
            if case .numbers = value { throw malformed("an array of objects or strings") }
            throw malformed("an array")
        }
        return elements.enumerated().map { Field(library: library, value: $1, path: "\(path)[\($0)]") }
    }

    func integers() throws(MaxError) -> [Int64] {
        switch value {
        case .numbers(let numbers): return try inside { () throws(MaxError) in try numbers.integers() }
        case .array(let elements):
            // Booleans, as `default_left` of early releases; and the empty array.
            var out: [Int64] = []
            for element in elements {
                guard case .bool(let flag) = element else { throw malformed("an array of integers") }
                out.append(flag ? 1 : 0)
            }
            return out
        default: throw malformed("an array of integers")
        }
    }

    func number() throws(MaxError) -> Double {
        guard case .number(let number) = value, let found = number.double else { throw malformed("a number") }
        return found
    }

    func doubles() throws(MaxError) -> [Double] {
        switch value {
        case .numbers(let numbers): return try inside { () throws(MaxError) in try numbers.doubles() }
        case .array(let elements) where elements.isEmpty: return []
        default: throw malformed("an array of numbers")
        }
    }

    func floats() throws(MaxError) -> [Float] {
        switch value {
        case .numbers(let numbers): return try inside { () throws(MaxError) in try numbers.floats() }
        case .array(let elements) where elements.isEmpty: return []
        default: throw malformed("an array of numbers")
        }
    }

    /// Throws unless an array of this field has `expected` elements.
    func check(_ count: Int, _ expected: Int) throws(MaxError) {
        guard count == expected else {
            throw MaxError(.malformed, "\(library): \(path): \(count) elements, expected \(expected)")
        }
    }

    func inside<T>(_ body: () throws(MaxError) -> T) throws(MaxError) -> T {
        do throws(MaxError) { return try body() } catch { throw error.inside("\(library): \(path)") }
    }
}
