import Glibc
import MaxCases
import MaxIR
import MaxRuntime
import Testing

/// Bundles whose header, table or padding lies.
@Suite struct HostileContainerTests {
    static let cases: [HostileCase] = [
        HostileCase(1, "an empty file", .malformed, "0 bytes, expected at least 4096") { [] },
        HostileCase(2, "a file one byte short of the table", .malformed, "4095 bytes, expected at least 4096") {
            Array(try soundBundle().bytes.prefix(4095))
        },
        .bundle(3, "another magic", .malformed, "does not start as a bundle does") { $0.magic[0] = 0x50 },
        .bundle(3, "a magic whose line ends were converted", .malformed, "does not start as a bundle does") {
            $0.magic = [0x8b, 0x4d, 0x58, 0x42, 0x0a, 0x1a, 0x0a, 0]
        },
        .bundle(4, "version 0", .unsupported, "format version 0") { $0.major = 0 },
        .bundle(4, "the last version there can be", .unsupported, "format version 65535") { $0.major = .max },
        .bundle(4, "a later minor version", nil, "") { $0.minor = 9 },
        .bundle(5, "an unknown critical section", .unsupported, "section 99 is critical") {
            $0.sections.append(.init(kind: 99, flags: 1, bytes: [1]))
        },
        .bundle(6, "an unknown section that is not critical", nil, "") { $0.sections.append(.init(kind: 99, flags: 0, bytes: [1])) },
        .bundle(7, "a file length of 0", .malformed, "the header says 0 bytes") { $0.fileBytes = 0 },
        .bundle(7, "a file length of 2^63", .malformed, "the header says 9223372036854775808 bytes") { $0.fileBytes = 1 << 63 },
        .bundle(7, "a file length of 2^64-1", .malformed, "the header says 18446744073709551615 bytes") { $0.fileBytes = .max },
        .bundle(7, "a content length of 0", .malformed, "0 bytes of content") { $0.contentBytes = 0 },
        .bundle(7, "a content length of 2^63", .malformed, "9223372036854775808 bytes of content") { $0.contentBytes = 1 << 63 },
        .bundle(7, "a content length of 2^64-1", .malformed, "18446744073709551615 bytes of content") { $0.contentBytes = .max },
        .bundle(7, "a content length beyond the file", .malformed, "bytes of content") { $0.contentBytes = 1 << 20 },
        .bundle(8, "no section", .malformed, "0 sections, expected 1 to 63") { $0.sectionCount = 0 },
        .bundle(8, "a section more than the page holds", .malformed, "64 sections, expected 1 to 63") { $0.sectionCount = 64 },
        .bundle(8, "2^32-1 sections", .malformed, "4294967295 sections") { $0.sectionCount = .max },
        .bundle(9, "offset and size that wrap", .malformed, "but the file has") { $0.sections[1].storedBytes = .max - 4095 },
        .bundle(9, "a size that makes the end 0", .malformed, "but the file has") { $0.sections[0].storedBytes = 0 &- 4096 },
        .bundle(10, "a section past the end", .malformed, "but the file has") { $0.sections[3].storedBytes = 4096 },
        .bundle(10, "a section that starts past the end", .malformed, "starts at") { $0.sections[3].offset = 1 << 40 },
        .bundle(11, "two sections in one place", .malformed, "starts at 4096, expected 8192") { $0.sections[1].offset = 4096 },
        .bundle(12, "bytes in the padding between sections", .malformed, "(padding or reserved)") { $0.sections[1].gap = [0, 7] },
        .bundle(12, "bytes behind the last record", .malformed, "(padding or reserved)") { $0.sectionCount = 3 },
        .bundle(12, "a hole of a page", .malformed, "starts at") { $0.sections[1].gap = [UInt8](repeating: 0, count: 8192) },
        HostileCase(13, "a zip archive behind it", .malformed, "the header says") { try soundBundle().bytes + Array("PK\u{5}\u{6}".utf8) },
        HostileCase(13, "a zip archive behind it, and counted", .malformed, "bytes after the last section") {
            var raw = try soundBundle()
            raw.fileBytes = UInt64(raw.bytes.count + 4)
            return raw.bytes + Array("PK\u{5}\u{6}".utf8)
        },
        HostileCase(14, "a byte before it", .malformed, "does not start as a bundle does") { [0] + (try soundBundle().bytes) },
        HostileCase(14, "an ELF head before it", .malformed, "does not start as a bundle does") {
            Array("\u{7f}ELF".utf8) + [UInt8](repeating: 0, count: 4092) + (try soundBundle().bytes)
        },
        .bundle(15, "a section at an odd place", .malformed, "starts at 4097, expected 4096") { $0.sections[0].offset = 4097 },
        .bundle(16, "two manifests", .malformed, "manifest: given twice") { $0.sections.append($0.sections[0]) },
        .bundle(16, "two provenances", .malformed, "provenance: given twice") { $0.sections.append($0.sections[3]) },
        HostileCase(20, "its big-endian twin", .unsupported, "format version 256") {
            var bytes = try soundBundle().bytes
            for (start, width) in [(8, 2), (10, 2), (12, 4), (16, 8), (24, 8)] { bytes[start..<start + width].reverse() }
            return bytes
        },
        .bundle(0, "a content section behind the signatures", .malformed, "stands after the signatures") {
            $0.sections.insert(.init(kind: 16, flags: 0, bytes: Array("{}".utf8)), at: 3)
        },
        .bundle(0, "a graph that is not critical", .malformed, "do not fit this kind") { $0.sections[1].flags = 0 },
        .bundle(0, "a flag that means nothing", .malformed, "flags 5") { $0.sections[0].flags = 5 },
        .bundle(0, "no constants", .malformed, "the section constants is missing") { $0[SectionKind.constants] = nil },
        .bundle(0, "no manifest", .malformed, "the manifest is missing") { $0[SectionKind.manifest] = nil },
        .bundle(0, "another root", .contentMismatch, "the section table has digest") { $0.root = [UInt8](repeating: 1, count: 32) },
        .bundle(0, "another digest", .contentMismatch, "graph has digest") { $0.sections[1].digest = [UInt8](repeating: 1, count: 32) },
        .bundle(0, "a provenance above 64 MiB", .limitExceeded, "67108865 bytes, at most 67108864") {
            $0.sections[3].flags = 2
            $0.sections[3].rawBytes = (64 << 20) + 1
        },
        .bundle(0, "a section of 2^37 raw bytes", .limitExceeded, "at most") {
            $0.sections[3].flags = 2
            $0.sections[3].rawBytes = 1 << 37
        },
    ]

    @Test(arguments: cases) func isAnsweredAsTheFormatSays(hostile: HostileCase) throws { try hostile.check() }

    /// 17. The bytes are read once, into private memory: nobody can take them away.
    @Test func aFileThatIsTruncatedAfterItWasOpenedStaysWhole() throws {
        let path = try TemporaryFile(try soundBundle().bytes)
        let bundle = try Bundle(path: path.path)
        #expect(truncate(path.path, 0) == 0)
        let model = try Model.load(bundle)
        #expect(try model.predict([Tensor([Float(1)]), Tensor([Float(4)])]) == [Tensor([Float(5)])])
        #expect(throws: MaxError.self) { try Bundle(path: path.path) }
    }

    /// 18. The size of a sparse file is a claim: it is refused before memory is asked for.
    @Test(arguments: [(1 << 40, MaxError.Code.malformed, "sparse"), (1 << 41, .limitExceeded, "at most")])
    func aSparseFileIsRefused(size: Int, code: MaxError.Code, message: String) throws {
        let path = try TemporaryFile([])
        // A file system that cannot hold it has refused it already.
        guard truncate(path.path, size) == 0 else { return }
        let error = #expect(throws: MaxError.self) { try Bundle(path: path.path) }
        #expect(error?.code == code)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    /// 19. Opening never waits for a writer and never reads a device.
    @Test(arguments: ["/dev/zero", "/dev/null", "/tmp", "fifo"])
    func whatIsNoFileIsRefused(place: String) throws {
        let holder = try TemporaryFile([])
        var path = place
        if place == "fifo" {
            path = holder.path + ".fifo"
            try #require(mkfifo(path, 0o600) == 0)
        }
        defer { if place == "fifo" { unlink(path) } }
        let error = #expect(throws: MaxError.self) { try Bundle(path: path) }
        #expect(error?.code == .io)
        #expect(error?.message.contains("not a regular file") == true, "\(error?.message ?? "")")
    }
}

/// A file that goes with its owner.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8]) throws {
        var template = Array("/tmp/maxai-hostile-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw MaxError(.io, "mkstemp failed") }
        defer { close(descriptor) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw MaxError(.io, "cannot write \(path)") }
    }

    deinit { unlink(path) }
}
