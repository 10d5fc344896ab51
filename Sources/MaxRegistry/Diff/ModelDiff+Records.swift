import MaxFormats
import MaxIR
import MaxRuntime

extension ModelDiff {
    /// Golden rows: whether they are the same.
    static func golden(_ from: Bundle, _ old: Graph, _ to: Bundle, _ new: Graph) throws(MaxError) -> Part {
        var part = Part("golden")
        let (before, after) = (try from.golden(for: old), try to.golden(for: new))
        guard before != after else { return part }
        func said(_ rows: GoldenRows?) -> String? { rows.map { "\($0.inputs.first?.shape.first ?? 0) rows" } }
        let kind: Change.Kind = before == nil ? .added : after == nil ? .removed : .changed
        part.changes.append(Change(kind: kind, subject: "golden rows", before: said(before), after: said(after)))
        return part
    }

    /// What was measured: each metric before and after.
    static func evaluation(_ from: Bundle, _ to: Bundle) throws(MaxError) -> Part {
        var part = Part("evaluation")
        let (before, after) = (try document(from, .evaluation), try document(to, .evaluation))
        for name in ["task", "target", "sample", "rows", "threshold", "principal"] {
            part.compare(name, before?[Text(name)].map(said), after?[Text(name)].map(said))
        }
        let (old, new) = (metrics(before), metrics(after))
        let position = Dictionary(new.map { ($0.name, $0.value) }) { first, _ in first }
        let isOld = Set(old.map(\.name))
        for (name, value) in old {
            let other = position[name]
            let difference = other?.double.flatMap { other in value.double.map { other - $0 } }
            part.compare(
                "metric \(name.string)", said(value), other.map(said),
                difference.map { [Measure(name: "difference", value: $0)] } ?? [])
        }
        for (name, value) in new where !isOld.contains(name) { part.compare("metric \(name.string)", nil, said(value)) }
        return part
    }

    /// Every value of the provenance by its path; a list is one value.
    static func provenance(_ from: Bundle, _ to: Bundle) throws(MaxError) -> Part {
        var part = Part("provenance")
        part.compareEach("", leaves(try document(from, .provenance)), leaves(try document(to, .provenance)))
        return part
    }

    static func document(_ bundle: Bundle, _ kind: BundleLayout.Kind) throws(MaxError) -> Document? {
        guard let bytes = try bundle.section(kind) else { return nil }
        do { return try JSONReader.read(bytes) } catch { throw error.inside(kind.name) }
    }

    private static func metrics(_ evaluation: Document?) -> [(name: Text, value: Document)] {
        (evaluation?["metrics"]?.elements ?? []).compactMap { metric in metric["name"]?.text.map { ($0, metric["value"] ?? .null) } }
    }

    private static func leaves(_ document: Document?) -> [(name: Text, says: String)] {
        var out: [(name: Text, says: String)] = []
        func visit(_ value: Document, _ path: [UInt8]) {
            guard case .object(let object) = value else { return out.append((Text(utf8: path), said(value))) }
            for (key, inner) in object.members {
                visit(inner, path.isEmpty ? key.utf8 : path + [UInt8(ascii: ".")] + key.utf8)
            }
        }
        if let document { visit(document, []) }
        return out
    }

    /// A value as JSON; of a long one, its length and digest.
    private static func said(_ value: Document) -> String {
        var json = JSONWriter()
        json.value(value)
        guard json.bytes.count > 96 else { return String(decoding: json.bytes, as: UTF8.self) }
        return "\(json.bytes.count) bytes, sha256 \(SHA256Text.of([Text(utf8: json.bytes)]))"
    }
}

extension Document {
    var double: Double? { if case .number(let number) = self { number.double } else { nil } }
}

extension JSONWriter {
    /// A value that was read, in the order of its members.
    mutating func value(_ document: Document) {
        switch document {
        case .null: null()
        case .bool(let flag): value(flag)
        case .string(let text): value(text)
        case .number(let number):
            if let integer = number.integer { value(integer) } else { value(number.double ?? .nan) }
        case .numbers(let numbers):
            array { json in
                for number in (try? numbers.doubles()) ?? [] {
                    if let integer = Int64(exactly: number) { json.value(integer) } else { json.value(number) }
                }
            }
        case .array(let elements): array { json in for element in elements { json.value(element) } }
        case .object(let object):
            self.object { json in
                for (key, inner) in object.members {
                    json.key(key.string)
                    json.value(inner)
                }
            }
        }
    }
}
