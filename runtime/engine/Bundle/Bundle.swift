import MaxFormats
import MaxIR

/// A bundle whose structure has been checked, and of whose sections nothing is seen before its digest was. Who signed it
/// is another question (`signatures`), answered by whoever knows whom to trust.
public struct Bundle: Sendable {
    /// When the digests of sections are compared.
    public enum Integrity: Sendable {
        /// All, before anything else.
        case whole
        /// That of a section when it is first used, from disk: what is not used is not read either.
        case onUse
    }

    private let sections: SectionStore
    public var records: [SectionRecord] { sections.records }
    public let contentBytes: UInt64
    public let info: ModelInfo
    public let producer: Text
    /// SHA-256 over header fields and section digests: names the content, and does not change when the bundle is signed.
    public let root: [UInt8]

    public init(path: String, integrity: Integrity = .whole) throws(MaxError) {
        do {
            try self.init(FileBytes(path: path, onDemand: integrity == .onUse), integrity: integrity)
        } catch {
            throw error.message.contains(path) ? error : error.inside(path)
        }
    }

    public init(bytes: [UInt8]) throws(MaxError) { try self.init(FileBytes(bytes)) }

    /// Whether `bytes` start as a bundle does.
    public static func detect(_ bytes: [UInt8]) -> Bool { bytes.starts(with: BundleLayout.magic) }

    /// Guards in a fixed order: length, magic, version, declared length, table, each section's extent against its
    /// neighbours, root, padding and digests, manifest. Nothing is looked at before it is proven to be there.
    public init(_ file: FileBytes, integrity: Integrity = .whole) throws(MaxError) {
        let bytes = file.bytes
        try file.load(0..<min(bytes.count, BundleLayout.sectionAlignment))
        let records = try Bundle.table(bytes)
        sections = SectionStore(file, records)
        contentBytes = bytes.word(at: 24)
        root = Array(bytes[32..<64])

        let content = records.prefix { $0.knownKind != .signatures }
        let page = Array(bytes[..<BundleLayout.sectionAlignment])
        let computed = BundleWriter.root(page: page[...], contentBytes, content.count)
        guard computed == root else {
            throw MaxError(.contentMismatch, "bundle: the section table has digest \(computed.hex), the header says \(root.hex)")
        }
        guard let last = content.last, last.offset + last.storedBytes == contentBytes else {
            throw MaxError(.malformed, "bundle: the header says \(contentBytes) bytes of content, the sections end elsewhere")
        }
        if integrity == .whole { for index in records.indices { _ = try sections.stored(index) } }
        guard let manifest = sections.first(.manifest) else { throw MaxError(.malformed, "bundle: the manifest is missing") }
        var reader = WireReader(try sections.stored(manifest))
        var info = ModelInfo(name: "", digest: root.hex)
        var producer: Text = ""
        while let field = try reader.next() {
            guard field.type == .bytes else { throw reader.malformed("manifest: field \(field.number) is not a text") }
            switch field.number {
            case 1: info.name = field.text
            case 2: info.version = field.text
            case 3: producer = field.text
            case 4: info.source = field.text
            default: break
            }
        }
        for (what, name) in [("model name", info.name), ("model version", info.version)] {
            guard name.isModelName else {
                throw MaxError(.malformed, "bundle: \(what) \(name.quoted), expected 1 to 128 of A-Z a-z 0-9 . _ - and no leading dot")
            }
        }
        self.info = info
        self.producer = producer
    }

    private static func table(_ bytes: UnsafeRawBufferPointer) throws(MaxError) -> [SectionRecord] {
        guard bytes.count >= BundleLayout.sectionAlignment else {
            throw MaxError(.malformed, "bundle: \(bytes.count) bytes, expected at least \(BundleLayout.sectionAlignment)")
        }
        guard bytes[..<8].elementsEqual(BundleLayout.magic) else {
            throw MaxError(
                .malformed, "bundle: the file does not start as a bundle does: found \(bytes[..<8].hex), expected \(BundleLayout.magic.hex)"
            )
        }
        let major: UInt16 = bytes.word(at: 8)
        guard major == BundleLayout.majorVersion else {
            throw MaxError(.unsupported, "bundle: format version \(major), this reader knows \(BundleLayout.majorVersion)")
        }
        let count = Int(bytes.word(at: 12, as: UInt32.self))
        guard count >= 1, count <= BundleLayout.maximumSections else {
            throw MaxError(.malformed, "bundle: \(count) sections, expected 1 to \(BundleLayout.maximumSections)")
        }
        let total: UInt64 = bytes.word(at: 16)
        guard total == UInt64(bytes.count) else {
            throw MaxError(.malformed, "bundle: the header says \(total) bytes, the file has \(bytes.count)")
        }
        let tableEnd = BundleLayout.headerBytes + count * BundleLayout.recordBytes
        try requireZero(bytes, tableEnd..<BundleLayout.sectionAlignment, "bundle")

        var records: [SectionRecord] = []
        var end = UInt64(BundleLayout.sectionAlignment)
        for index in 0..<count {
            let start = BundleLayout.headerBytes + index * BundleLayout.recordBytes
            let record = SectionRecord(UnsafeRawBufferPointer(rebasing: bytes[start..<start + BundleLayout.recordBytes]))
            let place = "bundle: \(record.name)"
            if record.knownKind == nil, record.isCritical {
                throw MaxError(.unsupported, "\(place) is critical and not known to this version")
            }
            guard record.flags & ~(BundleLayout.criticalFlag | BundleLayout.zstdFlag) == 0 else {
                throw MaxError(.malformed, "\(place): flags \(record.flags)")
            }
            if let kind = record.knownKind {
                guard record.isCritical == kind.isCritical, !record.isCompressed || !kind.isCritical else {
                    throw MaxError(.malformed, "\(place): flags \(record.flags) do not fit this kind")
                }
                if records.contains(where: { $0.kind == record.kind }) { throw MaxError(.malformed, "\(place): given twice") }
            }
            if records.last?.knownKind == .signatures { throw MaxError(.malformed, "\(place): stands after the signatures") }
            let alignment = UInt64(BundleLayout.sectionAlignment)
            let aligned = (end + alignment - 1) / alignment * alignment
            guard record.offset == aligned else {
                throw MaxError(.malformed, "\(place): starts at \(record.offset), expected \(aligned)")
            }
            guard record.offset <= total, record.storedBytes <= total - record.offset else {
                throw MaxError(.malformed, "\(place): \(record.storedBytes) bytes from \(record.offset), but the file has \(total)")
            }
            guard record.isCompressed || record.rawBytes == record.storedBytes else {
                throw MaxError(.malformed, "\(place): \(record.rawBytes) raw bytes, \(record.storedBytes) stored, and not compressed")
            }
            let limit = record.knownKind?.isParsed == true ? BundleLayout.maximumParsedBytes : BundleLayout.maximumSectionBytes
            guard record.rawBytes <= limit else {
                throw MaxError(.limitExceeded, "\(place): \(record.rawBytes) bytes, at most \(limit)")
            }
            end = record.offset + record.storedBytes
            records.append(record)
        }
        guard end == total else { throw MaxError(.malformed, "bundle: \(total - end) bytes after the last section") }
        return records
    }

    /// Compares the digests of all sections.
    ///
    /// - Throws: `.contentMismatch` naming the section.
    public func check() throws(MaxError) { for index in records.indices { _ = try sections.stored(index) } }

    /// The section's bytes, decompressed; nil when the bundle has none of this kind.
    public func section(_ kind: BundleLayout.Kind) throws(MaxError) -> [UInt8]? {
        guard let index = sections.first(kind) else { return nil }
        let (record, stored) = (records[index], try sections.stored(index))
        guard record.isCompressed else { return Array(stored) }
        return try Compression.decompress(stored, rawBytes: Int(record.rawBytes), name: "bundle: \(record.name)")
    }

    /// Calls `body` with an uncompressed section in place.
    func withSection<Result>(_ kind: BundleLayout.Kind, _ body: (UnsafeRawBufferPointer) throws(MaxError) -> Result) throws(MaxError)
        -> Result
    {
        guard let index = sections.first(kind), !records[index].isCompressed else {
            throw MaxError(.malformed, "bundle: the section \(kind) is missing")
        }
        defer { withExtendedLifetime(sections) {} }
        return try body(try sections.stored(index))
    }

    /// The graph, built and verified again from what is stored.
    public func graph() throws(MaxError) -> Graph {
        let constants = try withSection(.constants) { bytes throws(MaxError) in try TensorTable.read(bytes, name: "constants") }
        return try withSection(.graph) { bytes throws(MaxError) in
            try GraphCodec.read(bytes, constants: constants)
        }
    }

    /// The graph as kernels hold it, with its arrays; nil when the bundle has none, or one that this version does not know.
    func packed() throws(MaxError) -> (Graph, PackedArrays)? {
        let kinds: [BundleLayout.Kind] = [.packedGraph, .packedConstants, .packedArrays]
        guard kinds.allSatisfy({ sections.first($0) != nil }) else { return nil }
        do throws(MaxError) {
            let constants = try withSection(.packedConstants) { bytes throws(MaxError) in
                try TensorTable.read(bytes, name: "packed constants")
            }
            let graph = try withSection(.packedGraph) { bytes throws(MaxError) in
                try GraphCodec.read(bytes, constants: constants, operators: Packed.named)
            }
            let arrays = try withSection(.packedArrays) { bytes throws(MaxError) in
                try TensorTable.views(bytes, name: "packed arrays")
            }
            return (graph, PackedArrays(arrays: arrays, owner: sections))
        } catch {
            guard error.code == .unsupported else { throw error }
            return nil
        }
    }

    /// Compares the packed graph with what this version makes of the portable one.
    ///
    /// - Throws: `.contentMismatch` when they differ: the bundle would not run what its graph says.
    public func checkPacked() throws(MaxError) {
        guard try packed() != nil else { return }
        let made = try BundleWriter.packedSections(of: try graph())
        var isEqual = !made.isEmpty
        for (kind, bytes) in made where isEqual { isEqual = try withSection(kind) { bytes.elementsEqual($0) } }
        guard isEqual else {
            throw MaxError(.contentMismatch, "bundle: the packed graph is not what the graph gives: compile the model again")
        }
    }

    /// The golden rows, or nil when the bundle has none.
    public func golden(for graph: Graph) throws(MaxError) -> GoldenRows? {
        guard let bytes = try section(.golden) else { return nil }
        let tensors: [Tensor]
        do {
            tensors = try bytes.withUnsafeBytes { raw in try TensorTable.read(raw, name: "golden") }
        } catch let error as MaxError { throw error } catch { throw MaxError(.internal, "\(error)") }
        guard tensors.count == graph.inputs.count + graph.outputs.count else {
            throw MaxError(
                .malformed, "golden: \(tensors.count) tensors, expected \(graph.inputs.count) inputs and \(graph.outputs.count) outputs")
        }
        return GoldenRows(inputs: Array(tensors.prefix(graph.inputs.count)), outputs: Array(tensors.dropFirst(graph.inputs.count)))
    }

    /// The file as it was, or would be, without signatures: what a signature covers.
    public func contentImage() throws(MaxError) -> [UInt8] {
        try check()
        var image = Array(sections.file.bytes[..<Int(contentBytes)])
        BundleWriter.finishPage(
            &image, records.filter { $0.knownKind != .signatures }, contentBytes: contentBytes,
            contentSections: records.count { $0.knownKind != .signatures })
        return image
    }
}

extension Text {
    /// Whether this may name a model or a version: in URLs, file names and logs alike.
    public var isModelName: Bool {
        guard (1...128).contains(utf8.count), utf8.first != UInt8(ascii: ".") else { return false }
        return utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
