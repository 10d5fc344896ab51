import Glibc
import MaxIR

/// The folder of a log, held open. Every path is walked from it name by name, and a symbolic link on the way is refused, so
/// that nothing outside is read or written.
final class LogFolder: Sendable {
    let path: String
    private let descriptor: Int32
    private static let folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    /// - Throws: `.notFound`; `.io` when it is no folder.
    init(path: String) throws(MaxError) {
        self.path = path
        descriptor = open(path, Self.folderFlags)
        guard descriptor >= 0 else {
            throw MaxError(errno == ENOENT ? .notFound : .io, "log: cannot open \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func failure(_ action: String, _ name: [String]) -> MaxError {
        let reason = errno == ELOOP ? "a symbolic link" : String(cString: strerror(errno))
        return MaxError(.io, "log: cannot \(action) \(path)/\(name.joined(separator: "/")): \(reason)")
    }

    /// Calls `body` with the descriptor of the folder `names`; nil when it is not there.
    private func withFolder<Value>(_ names: some Collection<String>, _ body: (Int32) throws(MaxError) -> Value) throws(MaxError) -> Value? {
        var current = descriptor
        defer { if current != descriptor { close(current) } }
        for name in names {
            let next = openat(current, name, Self.folderFlags)
            guard next >= 0 else {
                if errno == ENOENT { return nil }
                throw failure("open", Array(names))
            }
            if current != descriptor { close(current) }
            current = next
        }
        return try body(current)
    }

    /// The bytes of a regular file; nil when it is not there.
    ///
    /// - Throws: `.limitExceeded` above `limit` bytes; `.io`.
    func read(_ name: [String], limit: Int) throws(MaxError) -> [UInt8]? {
        try withFolder(name.dropLast()) { folder throws(MaxError) -> [UInt8]? in
            // Without O_NONBLOCK the opening of a pipe would wait for somebody to write.
            let file = openat(folder, name.last ?? "", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard file >= 0 else {
                if errno == ENOENT { return nil }
                throw failure("open", name)
            }
            defer { close(file) }
            var status = stat()
            guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw MaxError(.io, "log: cannot read \(path)/\(name.joined(separator: "/")): not a regular file")
            }
            guard (0...limit).contains(Int(status.st_size)) else {
                throw MaxError(.limitExceeded, "log: \(name.joined(separator: "/")): \(status.st_size) bytes, at most \(limit)")
            }
            let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
                while count < buffer.count {
                    let read = Glibc.read(file, buffer.baseAddress! + count, buffer.count - count)
                    if read < 0, errno == EINTR { continue }
                    guard read > 0 else { return }
                    count += read
                }
            }
            guard bytes.count == Int(status.st_size) else { throw failure("read all of", name) }
            return bytes
        } ?? nil
    }

    /// Makes the folder `names` and those above it, as far as they are missing; syncs none of them.
    func makeFolder(_ names: [String]) throws(MaxError) {
        for depth in names.indices {
            let made = try withFolder(names[..<depth]) { folder in mkdirat(folder, names[depth], 0o755) == 0 || errno == EEXIST }
            guard made == true else { throw failure("make folder", Array(names[...depth])) }
        }
    }

    /// Writes a file beside `name`, syncs it and renames it over `name`. The folder, which must be there, is not synced.
    func write(_ bytes: [UInt8], to name: [String]) throws(MaxError) {
        let written: Void? = try withFolder(name.dropLast()) { folder throws(MaxError) in
            let target = name.last ?? ""
            // One writer at a time: a file of that name was left behind by one that was stopped.
            let temporary = "\(target).tmp"
            unlinkat(folder, temporary, 0)
            let file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw failure("write", name) }
            var written = Self.write(bytes, file) && fsync(file) == 0
            written = close(file) == 0 && written
            guard written, renameat(folder, temporary, folder, target) == 0 else {
                let error = failure("write", name)
                unlinkat(folder, temporary, 0)
                throw error
            }
        }
        guard written != nil else { throw failure("write", name) }
    }

    private static func write(_ bytes: [UInt8], _ file: Int32) -> Bool {
        bytes.withUnsafeBytes { raw in
            var position = 0
            while position < raw.count {
                let count = Glibc.write(file, raw.baseAddress! + position, raw.count - position)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                position += count
            }
            return true
        }
    }

    func sync(_ names: [String]) throws(MaxError) {
        guard try withFolder(names, { folder in fsync(folder) }) == 0 else { throw failure("sync", names) }
    }

    /// The names in a folder, in no order; none when it is not there.
    func names(in names: [String]) throws(MaxError) -> [String] {
        try withFolder(names) { folder throws(MaxError) in
            let copy = openat(folder, ".", Self.folderFlags)
            guard let listing = fdopendir(copy) else {
                if copy >= 0 { close(copy) }
                throw failure("list", names)
            }
            defer { closedir(listing) }
            var found: [String] = []
            while let entry = readdir(listing) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { found.append(name) }
            }
            return found
        } ?? []
    }

    /// Removes the files of a folder but those named, and the folder itself when nothing is left in it. What cannot be
    /// removed stays.
    func clear(_ names: [String], keeping kept: Set<String>) {
        guard let files = try? self.names(in: names) else { return }
        _ = try? withFolder(names) { folder in
            for file in files where !kept.contains(file) { unlinkat(folder, file, 0) }
        }
        guard kept.isEmpty, let last = names.last else { return }
        _ = try? withFolder(names.dropLast()) { folder in unlinkat(folder, last, AT_REMOVEDIR) }
    }
}
