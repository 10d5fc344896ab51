import MaxIR
import MaxRuntime

/// What two bundles say differently: not their bytes, but columns, operators, constants, trees and what was measured.
///
/// Parts and changes come in a fixed order; the work is linear in the size of the two models.
public struct ModelDiff: Sendable {
    /// One thing that is not the same in both.
    public struct Change: Sendable, Equatable {
        public enum Kind: String, Sendable { case added, removed, changed }

        public var kind: Kind
        /// What it is about: `column amount`, `trees #1`, `metric auc`.
        public var subject: String
        /// As it was; nil for what is new.
        public var before: String?
        public var after: String?
        /// Numbers that say how much, in a fixed order.
        public var measures: [Measure] = []
    }

    public struct Measure: Sendable, Equatable {
        public var name: String
        public var value: Double

        public init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// A part of the models with its changes; none where it is equal in both.
    public struct Part: Sendable {
        public var name: String
        public var changes: [Change] = []

        init(_ name: String) { self.name = name }
    }

    /// Name, version and root digest of the two.
    public let from: ModelInfo
    public let to: ModelInfo
    public let parts: [Part]

    /// Whether anything differs. Equal contents are equal here; bundles that differ only in what nobody reads are too.
    public var isEmpty: Bool { parts.allSatisfy(\.changes.isEmpty) }

    /// - Throws: what reading a section throws; `.malformed` for an evaluation or provenance that is no JSON.
    public init(from: Bundle, to: Bundle) throws(MaxError) {
        self.from = from.info
        self.to = to.info
        let (old, new) = (try Self.graph(from), try Self.graph(to))
        let pairs = NodePairs(old, new)
        parts = [
            Self.identity(from, to), Self.schema(old, new), Self.operators(pairs, old, new), Self.tensors(pairs), Self.numbers(old, new),
            try Self.trees(pairs), try Self.golden(from, old, to, new), try Self.evaluation(from, to), try Self.provenance(from, to),
        ]
    }

    private static func graph(_ bundle: Bundle) throws(MaxError) -> Graph {
        do { return try bundle.graph() } catch { throw error.inside(bundle.info.name.string) }
    }

    private static func identity(_ from: Bundle, _ to: Bundle) -> Part {
        var part = Part("identity")
        part.compare("name", from.info.name.string, to.info.name.string)
        part.compare("version", from.info.version.string, to.info.version.string)
        part.compare("digest", from.root.hex, to.root.hex)
        part.compare("source", from.info.source.string, to.info.source.string)
        part.compare("producer", from.producer.string, to.producer.string)
        return part
    }
}

extension ModelDiff.Part {
    /// Adds a change unless both are the same, byte by byte; nil is what is not there.
    mutating func compare(_ subject: String, _ before: String?, _ after: String?, _ measures: [ModelDiff.Measure] = []) {
        guard before.map({ Text($0) }) != after.map({ Text($0) }) else { return }
        let kind: ModelDiff.Change.Kind = before == nil ? .added : after == nil ? .removed : .changed
        changes.append(.init(kind: kind, subject: subject, before: before, after: after, measures: measures))
    }

    /// Compares what two lists say of each name: names of the first in their order, then those only the second has.
    mutating func compareEach(_ what: String, _ before: [(name: Text, says: String)], _ after: [(name: Text, says: String)]) {
        var old = Set<Text>()
        var new: [Text: String] = [:]
        for entry in after { new[entry.name] = entry.says }
        for entry in before {
            old.insert(entry.name)
            compare(what + entry.name.string, entry.says, new[entry.name])
        }
        for entry in after where !old.contains(entry.name) { compare(what + entry.name.string, nil, entry.says) }
    }
}
