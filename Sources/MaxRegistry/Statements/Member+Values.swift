import MaxFormats
import MaxIR

extension Member {
    private func wrong(_ expected: String) -> MaxError { MaxError(.malformed, "\(place): found \(value.kind), expected \(expected)") }

    /// An integer of at least `minimum`, and at most 2^53: what every reader of JSON has exactly.
    func integer(from minimum: Int64 = 0) throws(MaxError) -> Int64 {
        // `5.0` and `5e0` are not integers here: one text for one number.
        if case .number(.decimal(let text)) = value, !text.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }) {
            throw wrong("an integer without point and exponent")
        }
        guard case .number(let number) = value, let found = number.integer, found >= minimum, found <= 1 << 53 else {
            throw wrong("an integer of at least \(minimum)")
        }
        return found
    }

    func double() throws(MaxError) -> Double {
        guard case .number(let number) = value, let found = number.double, found.isFinite else { throw wrong("a finite number") }
        return found
    }

    func bool() throws(MaxError) -> Bool {
        guard case .bool(let found) = value else { throw wrong("true or false") }
        return found
    }

    func timestamp() throws(MaxError) -> Timestamp {
        do { return try Timestamp(try text()) } catch { throw error.inside(place) }
    }

    func period() throws(MaxError) -> Period {
        do { return try Period(try text()) } catch { throw error.inside(place) }
    }

    func digest() throws(MaxError) -> BlobDigest {
        do { return try BlobDigest(try text()) } catch { throw error.inside(place) }
    }

    /// `{"sha256": HEX}`, as in-toto writes digests; others beside it are allowed.
    func digestSet() throws(MaxError) -> BlobDigest {
        let hex = try member("sha256")
        guard let digest = BlobDigest(hex: try hex.text().string) else {
            throw MaxError(.malformed, "\(hex.place): not 64 lowercase hexadecimal digits")
        }
        return digest
    }

    /// A name of a model, version, alias or role.
    func name() throws(MaxError) -> String {
        let text = try text()
        guard text.isModelName else {
            throw MaxError(.malformed, "\(place): \(text.quoted), expected 1 to 128 of A-Z a-z 0-9 . _ - and no leading dot")
        }
        return text.string
    }

    /// The elements of an array of any kind.
    func list() throws(MaxError) -> [Member] {
        if case .numbers(let numbers) = value {
            return try numbers.doubles().enumerated().map { Member(.number(.double($1)), "\(place)[\($0)]") }
        }
        return try elements()
    }

    /// The members of an object, in the order of the text.
    func members() throws(MaxError) -> [(key: Text, value: Member)] {
        guard case .object(let object) = value else { throw wrong("an object") }
        return object.members.map { ($0.key, Member($0.value, "\(place).\($0.key.string)")) }
    }
}
