import Glibc
import MaxIR

/// A folder for files, removed with everything in it when nobody holds it any more.
public final class ScratchFolder: Sendable {
    public let path: String

    public init() throws(MaxError) {
        var template = Array("/tmp/maxai-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw MaxError(.io, "cannot make a folder in /tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.removeTree(path) }

    public subscript(_ name: String) -> String { "\(path)/\(name)" }

    /// - Returns: the path of the file.
    @discardableResult
    public func write(_ name: String, _ text: String) throws(MaxError) -> String { try write(name, Array(text.utf8)) }

    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8]) throws(MaxError) -> String {
        guard let file = fopen(self[name], "w") else { throw MaxError(.io, "cannot write \(self[name])") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw MaxError(.io, "cannot write \(self[name])") }
        return self[name]
    }

    public func bytes(_ name: String) throws(MaxError) -> [UInt8] {
        guard let file = fopen(self[name], "r") else { throw MaxError(.notFound, "cannot read \(self[name])") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&block, 1, block.count, file), count > 0 { bytes += block[..<count] }
        return bytes
    }

    public func text(_ name: String) throws(MaxError) -> String { String(decoding: try bytes(name), as: UTF8.self) }

    /// What is in it, sorted.
    public var names: [String] { Self.names(in: path).sorted() }

    public func makeFolder(_ name: String) -> String {
        mkdir(self[name], 0o755)
        return self[name]
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func removeTree(_ path: String) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { removeTree("\(path)/\(name)") }
        }
        remove(path)
    }
}
