import MaxFormats
import MaxIR

/// One entry of a registry's log: what was done, and the statement in which somebody signed for it. The log is what a registry
/// is; every other file of it can be made again from the log and the blobs.
package struct LogRecord: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        /// A new trust root; `name` is its version.
        case root
        /// A version of a model; `name` is the version.
        case push
        /// Evidence for a manifest; `name` is the kind.
        case attest
        /// A pointer; `name` is the alias and `sequence` its number.
        case point
        /// A verdict that allowed nothing; `name` is the alias.
        case refuse
        /// A new revocation list; `name` is its version.
        case revoke
    }

    package var action: Action
    package var time: Timestamp
    /// The fingerprint of who did it.
    package var actor: String
    /// Empty for roots and revocations.
    package var model: String
    package var name: String
    package var sequence: Int64?
    /// The manifest that it is about; nil for roots and revocations.
    package var manifest: BlobDigest?
    /// The blob of the signed statement.
    package var statement: BlobDigest

    package init(
        _ action: Action, time: Timestamp, actor: String, model: String = "", name: String, sequence: Int64? = nil,
        manifest: BlobDigest? = nil, statement: BlobDigest
    ) {
        self.action = action
        self.time = time
        self.actor = actor
        self.model = model
        self.name = name
        self.sequence = sequence
        self.manifest = manifest
        self.statement = statement
    }

    package var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { write(&$0) }
        return json.bytes
    }

    package func write(_ json: inout JSONWriter) {
        json.member("action", action.rawValue)
        json.member("time", time.text)
        json.member("actor", actor)
        if !model.isEmpty { json.member("model", model) }
        json.member("name", name)
        if let sequence { json.member("sequence", sequence) }
        if let manifest { json.member("manifest", manifest.name) }
        json.member("statement", statement.name)
    }

    /// - Throws: `.malformed`.
    package init(_ bytes: [UInt8], index: Int64) throws(MaxError) {
        try self.init(Member(try JSONReader.read(bytes), "log entry \(index)"), index: index)
    }

    init(_ root: Member, index: Int64) throws(MaxError) {
        try root.onlyMembers(["action", "time", "actor", "model", "name", "sequence", "manifest", "statement"])
        let word = try root.member("action").text()
        guard let action = Action(rawValue: word.string) else {
            throw MaxError(.unsupported, "log entry \(index): action \(word.quoted) is not known to this version")
        }
        self.action = action
        time = try root.member("time").timestamp()
        actor = try root.member("actor").text().string
        model = try root.optional("model")?.name() ?? ""
        name = try root.member("name").name()
        sequence = try root.optional("sequence")?.integer(from: 1)
        manifest = try root.optional("manifest")?.digest()
        statement = try root.member("statement").digest()
        let isAboutModel = action != .root && action != .revoke
        guard isAboutModel == !model.isEmpty, isAboutModel == (manifest != nil), (action == .point) == (sequence != nil) else {
            throw MaxError(.malformed, "log entry \(index): members do not fit the action \(action)")
        }
    }
}
