import MaxFormats
import MaxIR

/// References: one small file each, never changed once there, made from the log and nothing else.
///
///     refs/roots/N                       refs/models/MODEL/versions/VERSION
///     refs/revocations/N                 refs/models/MODEL/aliases/ALIAS/SEQUENCE
///                                        refs/models/MODEL/evidence/MANIFEST/STATEMENT
///                                        refs/models/MODEL/refused/ALIAS/INDEX
extension Registry {
    /// Where an entry of the log is found, with what it says.
    package struct Reference: Sendable, Equatable {
        /// In the log.
        package let index: UInt64
        package let record: LogRecord
    }

    /// Ten digits, so that the order of names is the order of numbers.
    static func numbered(_ number: Int64) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 10 - text.utf8.count)) + text
    }

    static func path(_ record: LogRecord, index: UInt64) -> String {
        let model = "\(references)/models/\(record.model)"
        let manifest = record.manifest?.hex ?? ""
        switch record.action {
        case .root: return "\(references)/roots/\(numbered(Int64(record.name) ?? 0))"
        case .revoke: return "\(references)/revocations/\(numbered(Int64(record.name) ?? 0))"
        case .push: return "\(model)/versions/\(record.name)"
        case .attest: return "\(model)/evidence/\(manifest)/\(record.statement.hex)"
        case .point: return "\(model)/aliases/\(record.name)/\(numbered(record.sequence ?? 0))"
        case .refuse: return "\(model)/refused/\(record.name)/\(numbered(Int64(clamping: index)))"
        }
    }

    /// Makes the reference of an entry, unless it is there.
    func refer(_ record: LogRecord, index: UInt64) throws(MaxError) {
        let path = Self.path(record, index: index)
        try folder.make(path.split(separator: "/").dropLast().joined(separator: "/"))
        var json = JSONWriter()
        json.object { json in
            json.member("index", index)
            json.member("record", json: record.bytes)
        }
        // Equal by construction where it is there: names of references are names of entries.
        try folder.create(path, json.bytes)
    }

    func reference(_ path: String) throws(MaxError) -> Reference? {
        guard let bytes = try folder.read(path, limit: 1 << 17) else { return nil }
        let root = Member(try JSONReader.read(bytes), path)
        let index = try root.member("index").integer()
        let record = try LogRecord(try root.member("record"), index: index)
        guard Self.path(record, index: UInt64(index)) == path else {
            throw MaxError(.contentMismatch, "\(folder.path)/\(path): says what belongs into \(Self.path(record, index: UInt64(index)))")
        }
        return Reference(index: UInt64(index), record: record)
    }

    // MARK: What there is

    /// In the order of their names' bytes.
    package func models() throws(MaxError) -> [String] { try folder.names("\(Self.references)/models").filter { Text($0).isModelName } }

    package func versions(of model: String) throws(MaxError) -> [Reference] {
        try references("\(Self.references)/models/\(model)/versions").sorted { $0.index < $1.index }
    }

    package func version(_ version: String, of model: String) throws(MaxError) -> Reference? {
        try reference("\(Self.references)/models/\(model)/versions/\(version)")
    }

    package func aliases(of model: String) throws(MaxError) -> [String] { try folder.names("\(Self.references)/models/\(model)/aliases") }

    /// The pointers of an alias, the first first.
    package func pointers(of alias: String, model: String) throws(MaxError) -> [Reference] {
        try references("\(Self.references)/models/\(model)/aliases/\(alias)")
    }

    /// The newest pointer of an alias.
    package func pointer(of alias: String, model: String) throws(MaxError) -> Reference? {
        try newest("\(Self.references)/models/\(model)/aliases/\(alias)")
    }

    /// Evidence about a manifest, in the order of the log.
    package func evidence(for manifest: BlobDigest, of model: String) throws(MaxError) -> [Reference] {
        try references("\(Self.references)/models/\(model)/evidence/\(manifest.hex)").sorted { $0.index < $1.index }
    }

    /// Verdicts that allowed nothing, in the order of the log.
    package func refusals(of alias: String, model: String) throws(MaxError) -> [Reference] {
        try references("\(Self.references)/models/\(model)/refused/\(alias)")
    }

    package func rootReferences() throws(MaxError) -> [Reference] { try references("\(Self.references)/roots") }

    package func revocationReference() throws(MaxError) -> Reference? {
        try newest("\(Self.references)/revocations")
    }

    /// The last of references that are numbered from 1 without gaps: by halving, as there may be thousands.
    private func newest(_ path: String) throws(MaxError) -> Reference? {
        func isThere(_ number: Int64) throws(MaxError) -> Bool { try folder.size("\(path)/\(Self.numbered(number))") != nil }
        guard try isThere(1) else { return nil }
        var (low, high): (Int64, Int64) = (1, 2)
        while high < 1 << 40, try isThere(high) { (low, high) = (high, high * 2) }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try isThere(middle) { low = middle } else { high = middle }
        }
        return try reference("\(path)/\(Self.numbered(low))")
    }

    private func references(_ path: String) throws(MaxError) -> [Reference] {
        var found: [Reference] = []
        for name in try folder.names(path) { if let reference = try reference("\(path)/\(name)") { found.append(reference) } }
        return found
    }
}
