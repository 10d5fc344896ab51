import Glibc
import MaxCases
import MaxIR

/// One run of one of our commands, as a person would start it.
struct Command {
    var status: Int32
    var output: String
    var errors: String

    /// - Parameters:
    ///   - name: `maxai-…`, taken from where this build put it.
    ///   - input: what the command reads on its standard input.
    ///   - prefix: in a folder, words before the command, such as `timeout 1 `.
    @discardableResult
    static func run(
        _ name: String, _ arguments: [String], input: String = "", folder: String? = nil, environment: [String: String] = [:],
        under prefix: String = ""
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
        let inFolder = folder.map { ["-c", "cd \"$0\" && exec \(prefix)\"$@\"", $0, built] } ?? []
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
