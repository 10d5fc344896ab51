import Glibc
import MaxFormats
import MaxIR

/// What goes into a bundle.
public struct BundleContent: Sendable {
    public var info: ModelInfo
    /// The program that made the bundle, with its version.
    public var producer: Text
    public var graph: Graph
    /// Rows with the outputs the model must reproduce at load: one value per graph input, then one per output.
    public var golden: GoldenRows?
    /// Rows that explanations compare with: one value per graph input, all with the same number of rows.
    public var background: [Tensor]?
    /// What the compiler recorded of its sources, as JSON.
    public var provenance: [UInt8]?
    /// How good the model was found to be, as JSON (formats/evaluation.md).
    public var evaluation: [UInt8]?

    public init(
        info: ModelInfo, producer: Text, graph: Graph, golden: GoldenRows? = nil, background: [Tensor]? = nil,
        provenance: [UInt8]? = nil, evaluation: [UInt8]? = nil
    ) {
        self.info = info
        self.producer = producer
        self.graph = graph
        self.golden = golden
        self.background = background
        self.provenance = provenance
        self.evaluation = evaluation
    }
}

/// Rows and their outputs, replayed when a bundle is loaded.
public struct GoldenRows: Sendable, Hashable {
    /// One tensor per graph input, all with the same number of rows.
    public var inputs: [Tensor]
    /// One tensor per graph output.
    public var outputs: [Tensor]

    public init(inputs: [Tensor], outputs: [Tensor]) {
        self.inputs = inputs
        self.outputs = outputs
    }
}

public enum BundleWriter {
    /// The bytes of a bundle: the same for the same content, whatever the time, folder, locale or host.
    public static func bytes(of content: BundleContent) throws(MaxError) -> [UInt8] {
        _ = try Schema(of: content.graph)
        let (graph, constants) = try GraphCodec.write(content.graph)
        var manifest = WireWriter()
        manifest.text(1, content.info.name)
        manifest.text(2, content.info.version)
        manifest.text(3, content.producer)
        manifest.text(4, content.info.source)
        var sections: [(BundleLayout.Kind, [UInt8], compressible: Bool)] = [
            (.manifest, manifest.bytes, false), (.graph, graph, false),
            (.constants, try TensorTable.write(constants), false),
        ]
        // Last of all that is needed to run, so that what loads by it reads it in one piece.
        sections += try packedSections(of: content.graph).map { ($0.0, $0.1, false) }
        if let golden = content.golden { sections.append((.golden, try TensorTable.write(golden.inputs + golden.outputs), true)) }
        if let background = content.background { sections.append((.background, try TensorTable.write(background), true)) }
        if let provenance = content.provenance { sections.append((.provenance, provenance, true)) }
        if let evaluation = content.evaluation { sections.append((.evaluation, evaluation, true)) }
        return try assemble(sections.map { ($0.0, $0.1, $0.compressible) })
    }

    /// The sections that say again, in the kernels' form, what `graph` says; none when it has no large ensemble.
    static func packedSections(of graph: Graph) throws(MaxError) -> [(BundleLayout.Kind, [UInt8])] {
        guard let packed = try Packed(graph) else { return [] }
        let (bytes, constants) = try GraphCodec.write(packed.graph)
        return [
            (.packedGraph, bytes), (.packedConstants, try TensorTable.write(constants)),
            (.packedArrays, try TensorTable.write(packed.arrays)),
        ]
    }

    static func assemble(_ sections: [(kind: BundleLayout.Kind, bytes: [UInt8], compressible: Bool)]) throws(MaxError) -> [UInt8] {
        var file = [UInt8](repeating: 0, count: BundleLayout.sectionAlignment)
        var records: [SectionRecord] = []
        for section in sections {
            let compressed = section.compressible ? Compression.compress(section.bytes) : nil
            let stored = compressed ?? section.bytes
            guard UInt64(section.bytes.count) <= BundleLayout.maximumSectionBytes else {
                throw MaxError(.limitExceeded, "\(section.kind): \(section.bytes.count) bytes, at most \(BundleLayout.maximumSectionBytes)")
            }
            file.pad(to: BundleLayout.sectionAlignment)
            records.append(
                SectionRecord(
                    kind: section.kind.rawValue,
                    flags: (section.kind.isCritical ? BundleLayout.criticalFlag : 0) | (compressed == nil ? 0 : BundleLayout.zstdFlag),
                    offset: UInt64(file.count), storedBytes: UInt64(stored.count), rawBytes: UInt64(section.bytes.count),
                    digest: stored.withUnsafeBytes { SHA256.tree($0) }))
            file += stored
        }
        finishPage(&file, records, contentBytes: UInt64(file.count), contentSections: records.count)
        return file
    }

    /// The bundle with a signatures section after its content; an earlier one is replaced.
    ///
    /// The content and the root do not change: what is signed is the file as it was without signatures.
    public static func embed(signatures: [UInt8], in bundle: Bundle) throws(MaxError) -> [UInt8] {
        let content = try bundle.contentImage()
        let records = bundle.records.filter { $0.knownKind != .signatures }
        guard records.count < BundleLayout.maximumSections else {
            throw MaxError(.limitExceeded, "\(records.count) sections, at most \(BundleLayout.maximumSections - 1) beside the signatures")
        }
        var file = content
        file.pad(to: BundleLayout.sectionAlignment)
        let record = SectionRecord(
            kind: BundleLayout.Kind.signatures.rawValue, flags: 0, offset: UInt64(file.count),
            storedBytes: UInt64(signatures.count), rawBytes: UInt64(signatures.count),
            digest: signatures.withUnsafeBytes { SHA256.tree($0) })
        file += signatures
        finishPage(&file, records + [record], contentBytes: UInt64(content.count), contentSections: records.count)
        return file
    }

    /// Writes header and records into the first page of `file`.
    static func finishPage(_ file: inout [UInt8], _ records: [SectionRecord], contentBytes: UInt64, contentSections: Int) {
        for position in 0..<BundleLayout.sectionAlignment { file[position] = 0 }
        file.replaceSubrange(0..<8, with: BundleLayout.magic)
        file.write(BundleLayout.majorVersion, at: 8)
        file.write(BundleLayout.minorVersion, at: 10)
        file.write(UInt32(records.count), at: 12)
        file.write(UInt64(file.count), at: 16)
        file.write(contentBytes, at: 24)
        for (index, record) in records.enumerated() {
            record.write(into: &file, at: BundleLayout.headerBytes + index * BundleLayout.recordBytes)
        }
        file.replaceSubrange(32..<64, with: root(page: file[..<BundleLayout.sectionAlignment], contentBytes, contentSections))
    }

    /// SHA-256 over the version, the content length and the records of the content: with the digests in those
    /// records it covers every byte of the content.
    static func root(page: ArraySlice<UInt8>, _ contentBytes: UInt64, _ sections: Int) -> [UInt8] {
        var covered = Array(page[0..<12])
        covered.append(word: UInt32(sections))
        covered.append(word: contentBytes)
        covered += page[BundleLayout.headerBytes..<BundleLayout.headerBytes + sections * BundleLayout.recordBytes]
        return covered.withUnsafeBytes { SHA256.hash($0) }
    }
}

/// Files that appear whole or not at all.
public enum AtomicFile {
    /// Writes beside `path`, syncs, renames over it and syncs the folder.
    public static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(MaxError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let temporary = "\(path).\(getpid()).tmp"
        func failure(_ action: String) -> MaxError { MaxError(.io, "\(action) \(path): \(String(cString: strerror(errno)))") }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("cannot write") }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure("cannot write")
                close(descriptor)
                unlink(temporary)
                throw error
            }
            written += count
        }
        guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0 else {
            let error = failure("cannot write")
            unlink(temporary)
            throw error
        }
        let directory = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }
}
