import Glibc
import MaxIR
import MaxRegistry
import MaxRuntime

/// A folder that goes when its owner does.
final class LogScratch {
    let path: String

    init() throws {
        var template = Array("/tmp/maxlog.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw MaxError(.io, "cannot make a folder in /tmp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Self.remove(path) }

    var log: String { "\(path)/log" }

    func bytes(_ name: String) throws -> [UInt8] { try FileBytes(path: "\(log)/\(name)").array }

    func exists(_ name: String) -> Bool { access("\(log)/\(name)", F_OK) == 0 }

    func write(_ bytes: [UInt8], _ name: String) throws {
        unlink("\(log)/\(name)")
        try AtomicFile.write(bytes, to: "\(log)/\(name)")
    }

    /// Every file of the log, by its name from the log's folder down.
    func files() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        var folders = [""]
        while let folder = folders.popLast() {
            for name in Self.names("\(log)/\(folder)") {
                var status = stat()
                guard lstat("\(log)/\(folder)\(name)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    folders.append("\(folder)\(name)/")
                } else {
                    files[folder + name] = try bytes(folder + name)
                }
            }
        }
        return files
    }

    /// Makes a log of such files.
    func restore(_ files: [String: [UInt8]]) throws {
        mkdir(log, 0o755)
        for (name, bytes) in files {
            for position in name.indices where name[position] == "/" { mkdir("\(log)/\(name[..<position])", 0o755) }
            try write(bytes, name)
        }
    }

    static func names(_ folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in names(path) { remove("\(path)/\(name)") }
        rmdir(path)
    }
}

/// A log with its key.
struct LogFixture {
    let scratch: LogScratch
    let key: PrivateKey
    let origin: Text = "registry.example/log"
    var store: TileStore

    init() throws {
        scratch = try LogScratch()
        key = try PrivateKey.generate(.p256)
        let (key, origin) = (key, origin)
        store = try TileStore.create(at: scratch.log, origin: origin) { (text) throws(MaxError) in
            [try NoteSignature(signing: text, name: origin, with: key)]
        }
    }

    func sign(_ text: [UInt8]) throws(MaxError) -> [NoteSignature] { [try NoteSignature(signing: text, name: origin, with: key)] }

    mutating func append(_ entries: [[UInt8]]) throws {
        let signer = self
        try store.append(entries) { (text) throws(MaxError) in try signer.sign(text) }
    }
    mutating func append(_ range: Range<Int>) throws { try append(range.map(Self.entry)) }

    func reopened() throws -> TileStore { try TileStore(path: scratch.log, keys: [NoteKey(name: origin, key.publicKey)]) }

    /// Entry `index` of the tests: a text of varying length, sometimes empty.
    static func entry(_ index: Int) -> [UInt8] {
        index % 17 == 3 ? [] : Array("entry \(index) ".utf8) + Array(repeating: UInt8(truncatingIfNeeded: index), count: index % 41)
    }
}

/// RFC 6962 §2.1 to the letter, apart from the code under test.
enum ReferenceTree {
    static func root(_ data: ArraySlice<[UInt8]>) -> [UInt8] {
        guard let first = data.first else { return hash([]) }
        guard data.count > 1 else { return hash([0] + first) }
        let middle = data.startIndex + split(data.count)
        return hash([1] + root(data[..<middle]) + root(data[middle...]))
    }

    static func path(_ index: Int, _ data: ArraySlice<[UInt8]>) -> [[UInt8]] {
        guard data.count > 1 else { return [] }
        let k = split(data.count)
        let middle = data.startIndex + k
        return index < k
            ? path(index, data[..<middle]) + [root(data[middle...])] : path(index - k, data[middle...]) + [root(data[..<middle])]
    }

    static func consistency(_ count: Int, _ data: ArraySlice<[UInt8]>, whole: Bool = true) -> [[UInt8]] {
        guard count < data.count else { return whole ? [] : [root(data)] }
        let k = split(data.count)
        let middle = data.startIndex + k
        return count <= k
            ? consistency(count, data[..<middle], whole: whole) + [root(data[middle...])]
            : consistency(count - k, data[middle...], whole: false) + [root(data[..<middle])]
    }

    private static func split(_ count: Int) -> Int {
        var k = 1
        while k * 2 < count { k *= 2 }
        return k
    }

    private static func hash(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { SHA256.hash($0) } }
}
