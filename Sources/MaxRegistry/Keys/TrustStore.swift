import Glibc
import MaxIR
import MaxRuntime

/// The keys that are trusted: from a PEM file, or from every `.pem` and `.pub` file of a folder.
public struct TrustStore: Sendable {
    public let keys: [PublicKey]

    public init(_ keys: [PublicKey]) { self.keys = keys }

    /// - Throws: `.notFound` when there is nothing at `path`; `.malformed` for a file that holds no public key.
    public init(path: String) throws(MaxError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw MaxError(.notFound, "cannot open \(path): \(String(cString: strerror(errno)))") }
        var files = [path]
        if status.st_mode & S_IFMT == S_IFDIR {
            files = try Self.listing(path).filter { $0.hasSuffix(".pem") || $0.hasSuffix(".pub") }.map { "\(path)/\($0)" }
            guard !files.isEmpty else { throw MaxError(.notFound, "\(path): holds no .pem or .pub file") }
        }
        var keys: [PublicKey] = []
        for file in files { keys.append(try PublicKey(pem: try FileBytes(path: file, limit: 1 << 20).array, place: file)) }
        self.keys = keys
    }

    private static func listing(_ folder: String) throws(MaxError) -> [String] {
        guard let directory = opendir(folder) else { throw MaxError(.io, "cannot read \(folder): \(String(cString: strerror(errno)))") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            )
        }
        return names.sorted()
    }
}
