import MaxFormats
import MaxIR

extension Expectations {
    static let format = "maxai-expectations"
    static let version = 1

    /// Bounds of a file that is read.
    public enum FileLimits {
        public static let bytes = 64 << 20
        /// Categories of one column.
        public static let categories = 1 << 20
    }

    /// The file: one JSON object, a column a line.
    public var json: [UInt8] {
        var out = Array("{\"format\":\"\(Self.format)\",\"version\":\(Self.version),\"minimum_rows\":\(minimumRows),\"columns\":[".utf8)
        for (index, column) in columns.enumerated() {
            var writer = JSONWriter()
            column.write(&writer)
            out += Array((index == 0 ? "\n" : ",\n").utf8) + writer.bytes
        }
        return out + Array("\n]}\n".utf8)
    }

    /// Reads a file.
    ///
    /// - Throws: `.malformed` naming the member that is wrong, also for one that is not known; `.unsupported` for another
    ///   version; `.limitExceeded` for what is too large.
    public init(json bytes: [UInt8]) throws(MaxError) {
        guard bytes.count <= FileLimits.bytes else {
            throw MaxError(.limitExceeded, "expectations: found \(bytes.count) bytes, expected at most \(FileLimits.bytes)")
        }
        let document: Document
        do throws(MaxError) { document = try JSONReader.read(bytes) } catch { throw error.inside("expectations") }
        let file = try Member(document, "").object(["format", "version", "minimum_rows", "columns"])
        guard let format = file["format"], try format.text() == Text(Self.format) else {
            throw MaxError(.malformed, "expectations: format: expected \"\(Self.format)\"")
        }
        let found = try file.required("version").integer(0...Int.max)
        guard found == Self.version else {
            throw MaxError(
                .unsupported,
                "expectations: version: found \(found), expected \(Self.version): write the file again, or use a newer version")
        }
        minimumRows = try file["minimum_rows"]?.integer(0...Int.max) ?? 0
        columns = []
        var names = Set<Text>()
        for member in try file.required("columns").elements(limit: Limits.ports) {
            let column = try ColumnExpectation(member)
            guard names.insert(column.name).inserted else {
                throw MaxError(.malformed, "expectations: \(member.path).name: column \(column.name.quoted) stands twice")
            }
            columns.append(column)
        }
    }
}

extension ColumnExpectation {
    fileprivate func write(_ out: inout JSONWriter) {
        out.object { out in
            out.key("name")
            out.value(name)
            out.member("type", element.rawValue)
            if let maximumMissingShare { out.member("maximum_missing_share", maximumMissingShare) }
            if let minimum { out.member("minimum", minimum) }
            if let maximum { out.member("maximum", maximum) }
            if let categories {
                out.member("categories", array: { out in for category in categories { out.value(category) } })
                out.member("maximum_other_share", maximumOtherShare)
            }
            if isNotConstant { out.member("not_constant", true) }
        }
    }

    fileprivate init(_ member: Member) throws(MaxError) {
        let object = try member.object([
            "name", "type", "maximum_missing_share", "minimum", "maximum", "categories", "maximum_other_share", "not_constant",
        ])
        let name = try object.required("name").text()
        guard !name.isEmpty, name.utf8.count <= Limits.nameBytes else {
            throw object.wrong("name", "found \(name.utf8.count) bytes", "1 to \(Limits.nameBytes)")
        }
        let type = try object.required("type").text()
        guard let element = ElementType(rawValue: type.string) else {
            throw object.wrong("type", "found \(type.quoted)", "one of \(ElementType.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(name: name, element: element)
        maximumMissingShare = try object["maximum_missing_share"]?.number(0...1)
        let everything = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
        minimum = try object["minimum"]?.number(everything)
        maximum = try object["maximum"]?.number(everything)
        if let bound = object["minimum"] ?? object["maximum"], element == .string || element == .bool {
            throw MaxError(.malformed, "expectations: \(bound.path): a column of \(element.rawValue) has no bounds: leave them out")
        }
        if let minimum, let maximum, minimum > maximum {
            throw object.wrong("maximum", "found \(maximum)", "at least the minimum \(minimum)")
        }
        if let list = object["categories"] {
            guard element == .string else {
                throw MaxError(.malformed, "expectations: \(list.path): a column of \(element.rawValue) has no categories: leave them out")
            }
            var seen = Set<Text>()
            categories = []
            for item in try list.elements(limit: Expectations.FileLimits.categories) {
                let text = try item.text()
                guard seen.insert(text).inserted else {
                    throw MaxError(.malformed, "expectations: \(item.path): the category stands twice")
                }
                categories?.append(text)
            }
        }
        if let share = object["maximum_other_share"] {
            guard categories != nil else {
                throw MaxError(.malformed, "expectations: \(share.path): there are no categories for it: leave it out")
            }
            maximumOtherShare = try share.number(0...1)
        }
        isNotConstant = try object["not_constant"]?.flag() ?? false
    }
}

/// A part of the file, with the path to it.
private struct Member {
    let value: Document
    let path: String

    init(_ value: Document, _ path: String) {
        self.value = value
        self.path = path
    }

    private func wrong(_ expected: String) -> MaxError {
        MaxError(.malformed, "expectations: \(path.isEmpty ? "file" : path): found \(value.kind), expected \(expected)")
    }

    func object(_ known: [String]) throws(MaxError) -> MemberObject {
        guard case .object(let object) = value else { throw wrong("an object") }
        for (key, _) in object.members where !known.contains(where: { Text($0) == key }) {
            throw MaxError(
                .malformed,
                "expectations: \(path.isEmpty ? "file" : path): found member \(key.quoted), expected some of \(known.joined(separator: ", "))"
            )
        }
        return MemberObject(object: object, path: path)
    }

    func elements(limit: Int) throws(MaxError) -> [Member] {
        let list: [Document]
        switch value {
        case .array(let elements): list = elements
        case .numbers: throw MaxError(.malformed, "expectations: \(path)[0]: found a number, expected another kind of element")
        default: throw wrong("an array")
        }
        guard list.count <= limit else {
            throw MaxError(.limitExceeded, "expectations: \(path): found \(list.count) elements, expected at most \(limit)")
        }
        return list.enumerated().map { Member($0.element, "\(path)[\($0.offset)]") }
    }

    func text() throws(MaxError) -> Text {
        guard case .string(let text) = value else { throw wrong("a string") }
        return text
    }

    func flag() throws(MaxError) -> Bool {
        guard case .bool(let flag) = value else { throw wrong("true or false") }
        return flag
    }

    func number(_ range: ClosedRange<Double>) throws(MaxError) -> Double {
        guard case .number(let number) = value else { throw wrong("a number") }
        guard let number = number.double, range.contains(number) else {
            throw MaxError(
                .malformed,
                "expectations: \(path): found \(number.double.map { "\($0)" } ?? "no number"), expected \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    func integer(_ range: ClosedRange<Int>) throws(MaxError) -> Int {
        guard case .number(let number) = value else { throw wrong("an integer") }
        guard let integer = number.integer.flatMap({ Int(exactly: $0) }), range.contains(integer) else {
            throw MaxError(
                .malformed,
                "expectations: \(path): found \(number.double.map { "\($0)" } ?? "no number"), expected an integer from \(range.lowerBound) on"
            )
        }
        return integer
    }
}

private struct MemberObject {
    let object: DocumentObject
    let path: String

    subscript(_ key: String) -> Member? { object[Text(key)].map { Member($0, path.isEmpty ? key : "\(path).\(key)") } }

    func required(_ key: String) throws(MaxError) -> Member {
        guard let member = self[key] else {
            throw MaxError(.malformed, "expectations: \(path.isEmpty ? "file" : path): '\(key)' is missing")
        }
        return member
    }

    func wrong(_ key: String, _ found: String, _ expected: String) -> MaxError {
        MaxError(.malformed, "expectations: \(path.isEmpty ? key : "\(path).\(key)"): \(found), expected \(expected)")
    }
}
