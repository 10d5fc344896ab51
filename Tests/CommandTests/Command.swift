import Glibc
import MaxIR

/// One run of one of our commands, as a person would start it.
struct Command {
    var status: Int32
    var output: String
    var errors: String

    /// - Parameters:
    ///   - name: `maxai-…`, taken from where this build put it.
    ///   - input: what the command reads on its standard input.
    @discardableResult
    static func run(
        _ name: String, _ arguments: [String], input: String = "", folder: String? = nil, environment: [String: String] = [:]
    ) throws -> Command {
        let scratch = try ScratchFolder()
        let files = ["in", "out", "err"].map { scratch[$0] }
        try scratch.write("in", input)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, files[0], O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, files[1], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, files[2], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let built = try "\(buildFolder())/\(name)"
        let path = folder == nil ? built : "/bin/sh"
        let inFolder = folder.map { ["-c", "cd \"$0\" && exec \"$@\"", $0, built] } ?? []
        var own: [String] = environment.map { "\($0.key)=\($0.value)" }
        var variable = environ
        while let entry = variable.pointee {
            let text = String(cString: entry)
            if !environment.keys.contains(where: { text.hasPrefix("\($0)=") }) { own.append(text) }
            variable += 1
        }
        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + inFolder + arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = own.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child: pid_t = 0
        guard posix_spawn(&child, path, &actions, nil, &argv, &envp) == 0 else { throw MaxError(.io, "cannot start \(path)") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
        return Command(status: code, output: try scratch.text("out"), errors: try scratch.text("err"))
    }

    /// Where this test bundle and the commands beside it were built.
    private static func buildFolder() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard let maps = fopen("/proc/self/maps", "r") else { throw MaxError(.io, "cannot read /proc/self/maps") }
        defer { fclose(maps) }
        while fgets(&buffer, 4096, maps) != nil {
            let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard line.contains("maxaiPackageTests"), let slash = line.firstIndex(of: "/"), let last = line.lastIndex(of: "/") else {
                continue
            }
            return String(line[slash..<last])
        }
        throw MaxError(.notFound, "the folder of this build")
    }
}

/// A folder that is there for one test.
final class ScratchFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/maxai-command-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw MaxError(.io, "mkdtemp failed") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.removeTree(path) }

    subscript(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        guard let file = fopen(self[name], "w") else { throw MaxError(.io, "cannot write \(self[name])") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw MaxError(.io, "cannot write \(self[name])") }
        return self[name]
    }

    func bytes(_ name: String) throws -> [UInt8] {
        guard let file = fopen(self[name], "r") else { throw MaxError(.notFound, "cannot read \(self[name])") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&block, 1, block.count, file), count > 0 { bytes += block[..<count] }
        return bytes
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    private static func removeTree(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                if name != ".", name != ".." { removeTree(path + "/" + name) }
            }
            closedir(folder)
        }
        remove(path)
    }
}
