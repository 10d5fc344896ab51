import MaxIR
import MaxSettings
import Yams

/// A part of a recipe file, with the place where it stands.
struct RecipeNode: Sendable {
    enum Content: Sendable {
        case scalar(SettingValue)
        case list([RecipeNode])
        /// Entries in the order of the file.
        case table([Entry])
    }

    struct Entry: Sendable {
        let key: String
        let place: Place
        let value: RecipeNode
    }

    struct Place: Sendable, CustomStringConvertible {
        let file: String
        /// Both from 1 on.
        let line: Int
        let column: Int

        var description: String { "\(file):\(line):\(column)" }
    }

    let content: Content
    let place: Place

    /// Bytes of a recipe and parts of it, aliases counted where they stand: an alias of aliases cannot grow.
    private static let maximumBytes = 1 << 20
    private static let maximumNodes = 100_000

    /// Reads YAML 1.1 as libyaml does, with the plain scalars of YAML 1.2: `yes` and `on` are texts.
    ///
    /// - Throws: `.malformed` with line and column; `.limitExceeded` for a file too large.
    static func read(_ text: String, file: String) throws(MaxError) -> RecipeNode {
        guard text.utf8.count <= maximumBytes else {
            throw MaxError(.limitExceeded, "\(file): \(text.utf8.count) bytes, at most \(maximumBytes)")
        }
        let root: Yams.Node?
        do { root = try Yams.compose(yaml: text) } catch let error as YamlError {
            throw MaxError(.malformed, message(error, file))
        } catch { throw MaxError(.malformed, "\(file): \(error)") }
        guard let root else { throw MaxError(.malformed, "\(file): the recipe is empty") }
        var budget = maximumNodes
        return try RecipeNode(root, file: file, &budget)
    }

    private init(_ node: Yams.Node, file: String, _ budget: inout Int) throws(MaxError) {
        budget -= 1
        let place = Place(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        guard budget >= 0 else { throw MaxError(.limitExceeded, "\(place): more than \(Self.maximumNodes) parts") }
        self.place = place
        switch node {
        case .scalar(let scalar): content = .scalar(Self.value(scalar))
        case .sequence(let sequence):
            var items: [RecipeNode] = []
            for item in sequence { items.append(try RecipeNode(item, file: file, &budget)) }
            content = .list(items)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let at = Place(file: file, line: key.mark?.line ?? place.line, column: key.mark?.column ?? place.column)
                guard case .scalar(let scalar) = key else { throw MaxError(.malformed, "\(at): a key is no text") }
                guard !entries.contains(where: { $0.key == scalar.string }) else {
                    throw MaxError(.malformed, "\(at): \(Text(scalar.string).quoted) is given twice")
                }
                entries.append(Entry(key: scalar.string, place: at, value: try RecipeNode(value, file: file, &budget)))
            }
            content = .table(entries)
        case .alias: throw MaxError(.malformed, "\(place): an alias of nothing")
        }
    }

    private static func value(_ scalar: Yams.Node.Scalar) -> SettingValue {
        guard scalar.style == .plain || scalar.style == .any else { return .text(scalar.string) }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .flag(true)
        case "false", "False", "FALSE": return .flag(false)
        case ".inf", "+.inf": return .number(.infinity)
        case "-.inf": return .number(-.infinity)
        default: break
        }
        // Swift's own readers take more than YAML does: hexadecimal floats, "nan", "infinity".
        guard scalar.string.utf8.allSatisfy({ "0123456789+-.eE_".utf8.contains($0) }) else { return .text(scalar.string) }
        if let integer = Int(scalar.string) { return .integer(integer) }
        if let number = Double(scalar.string), number.isFinite { return .number(number) }
        return .text(scalar.string)
    }

    private static func message(_ error: YamlError, _ file: String) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            "\(file):\(mark.line):\(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let keys, let context):
            "\(file):\(context.mark.line):\(context.mark.column): given twice: \(keys.map { Text($0).quoted }.joined(separator: ", "))"
        case .reader(let problem, _, _, _): "\(file): \(problem)"
        default: "\(file): \(error)"
        }
    }
}

extension RecipeNode {
    /// The node as a setting takes it.
    var settingValue: SettingValue {
        switch content {
        case .scalar(let value): value
        case .list(let items): .list(items.map(\.settingValue))
        case .table(let entries): .table(Dictionary(entries.map { ($0.key, $0.value.settingValue) }, uniquingKeysWith: { $1 }))
        }
    }

    /// - Throws: `.malformed` when this is no table.
    func table(_ what: String) throws(MaxError) -> [Entry] {
        if case .scalar(.null) = content { return [] }
        guard case .table(let entries) = content else {
            throw MaxError(.malformed, "\(place): \(what): found \(settingValue.shown), expected a table of names and values")
        }
        return entries
    }

    /// - Throws: `.malformed` when this is no list.
    func list(_ what: String) throws(MaxError) -> [RecipeNode] {
        if case .scalar(.null) = content { return [] }
        guard case .list(let items) = content else {
            throw MaxError(.malformed, "\(place): \(what): found \(settingValue.shown), expected a list")
        }
        return items
    }

    /// The entries of a table as the values of `declared` settings, each checked where it stands.
    func settings(_ declared: [Setting], _ what: String) throws(MaxError) -> Settings {
        var given: [String: SettingValue] = [:]
        for entry in try table(what) {
            let value = entry.value.settingValue
            do { _ = try Settings([entry.key: value], for: declared) } catch {
                throw MaxError(.malformed, "\(entry.place): \(what).\(error.message)")
            }
            given[entry.key] = value
        }
        return try Settings(given, for: declared)
    }
}
