import Glibc
import MaxIR
import Synchronization

/// A folder and what lies under it, opened component by component without following links: no name, whoever chose it,
/// leads out of it.
///
/// Paths are relative, `/` between components. What is written appears whole or not at all, and is on the disk when the call
/// returns.
package final class Folder: Sendable {
    package let path: String
    private let root: Int32
    private static let counter = Atomic<UInt64>(0)
    /// Where files are written before they have their name.
    static let temporary = "tmp"
    /// Bytes of a file that is read whole.
    static let maximumFileBytes = 64 << 20

    /// - Throws: `.notFound` when there is no such folder, `.io`.
    package init(path: String) throws(MaxError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw MaxError(errno == ENOENT ? .notFound : .io, "cannot open \(path): \(Self.reason())")
        }
        self.path = path
        root = descriptor
    }

    deinit { close(root) }

    // MARK: Reading

    /// The bytes of a regular file; nil when there is none.
    ///
    /// - Throws: `.limitExceeded` above `limit`, `.io` when it is no regular file, a link, or cannot be read.
    package func read(_ path: String, limit: Int = maximumFileBytes) throws(MaxError) -> [UInt8]? {
        guard let descriptor = try opened(path, O_RDONLY | O_NONBLOCK) else { return nil }
        defer { close(descriptor) }
        let size = try fileSize(descriptor, path)
        guard size <= limit else { throw MaxError(.limitExceeded, "\(self.path)/\(path): \(size) bytes, at most \(limit)") }
        var bytes = [UInt8](repeating: 0, count: size)
        var position = 0
        while position < size {
            let count = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { Glibc.read(descriptor, $0 + position, size - position) } ?? 0
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot read", path) }
            position += count
        }
        return bytes
    }

    /// The size of a regular file; nil when there is none.
    package func size(_ path: String) throws(MaxError) -> Int? {
        guard let descriptor = try opened(path, O_RDONLY | O_NONBLOCK) else { return nil }
        defer { close(descriptor) }
        return try fileSize(descriptor, path)
    }

    /// Seconds since 1970 when a file was last written or touched; nil when there is none.
    package func modified(_ path: String) throws(MaxError) -> Int64? {
        guard let descriptor = try opened(path, O_RDONLY | O_NONBLOCK) else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot read", path) }
        return Int64(status.st_mtim.tv_sec)
    }

    /// The names in a folder, in the order of their bytes; none when there is no such folder.
    package func names(_ path: String) throws(MaxError) -> [String] {
        guard let descriptor = try opened(path, O_RDONLY | O_DIRECTORY) else { return [] }
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw failure("cannot list", path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    // MARK: Writing

    /// Makes a folder and those above it.
    package func make(_ path: String) throws(MaxError) {
        var done = ""
        for component in path.split(separator: "/") {
            let parent = done
            done += done.isEmpty ? String(component) : "/\(component)"
            let folder = try parentFolder(done)
            defer { close(folder) }
            if mkdirat(folder, String(component), 0o755) == 0 {
                try sync(folder, parent)
            } else if errno != EEXIST {
                throw failure("cannot make", done)
            }
        }
    }

    /// Gives `bytes` a name that nobody has yet.
    ///
    /// - Returns: false, and nothing changed, when the name is taken.
    @discardableResult package func create(_ path: String, _ bytes: [UInt8]) throws(MaxError) -> Bool {
        let temporary = try write(bytes)
        defer { try? remove(temporary) }
        return try link(temporary, path)
    }

    /// Gives a file another name that nobody has yet.
    func link(_ from: String, _ path: String) throws(MaxError) -> Bool {
        let (source, target) = (try parentFolder(from), try parentFolder(path))
        defer {
            close(source)
            close(target)
        }
        guard linkat(source, Self.last(from), target, Self.last(path), 0) == 0 else {
            if errno == EEXIST { return false }
            throw failure("cannot write", path)
        }
        try sync(target, path)
        return true
    }

    /// Puts `bytes` in the place of whatever has this name.
    package func replace(_ path: String, _ bytes: [UInt8], isDurable: Bool = true) throws(MaxError) {
        let temporary = try write(bytes, isDurable: isDurable)
        let (source, target) = (try parentFolder(temporary), try parentFolder(path))
        defer {
            close(source)
            close(target)
        }
        guard renameat(source, Self.last(temporary), target, Self.last(path)) == 0 else {
            let error = failure("cannot write", path)
            try? remove(temporary)
            throw error
        }
        if isDurable { try sync(target, path) }
    }

    /// Removes a file; it need not be there.
    package func remove(_ path: String) throws(MaxError) {
        let folder = try parentFolder(path)
        defer { close(folder) }
        guard unlinkat(folder, Self.last(path), 0) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
    }

    /// Says that a file is still wanted: sets its time to now.
    func touch(_ path: String) throws(MaxError) {
        guard let descriptor = try opened(path, O_RDONLY | O_NONBLOCK) else { return }
        defer { close(descriptor) }
        futimens(descriptor, nil)
    }

    /// A new file without a name of its own: its path under `tmp`.
    func write(_ bytes: [UInt8], isDurable: Bool = true) throws(MaxError) -> String {
        let (temporary, descriptor) = try openTemporary()
        defer { close(descriptor) }
        do throws(MaxError) {
            try bytes.withBytes { bytes throws(MaxError) in try write(bytes, to: descriptor, temporary) }
            guard !isDurable || fsync(descriptor) == 0 else { throw failure("cannot write", temporary) }
        } catch {
            try? remove(temporary)
            throw error
        }
        return temporary
    }

    func openTemporary() throws(MaxError) -> (path: String, descriptor: Int32) {
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        let temporary = "\(Self.temporary)/\(getpid())-\(number)-\(UInt32.random(in: 0...UInt32.max))"
        let folder = try parentFolder(temporary)
        defer { close(folder) }
        let descriptor = openat(folder, Self.last(temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw failure("cannot write", temporary) }
        return (temporary, descriptor)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws(MaxError) {
        var position = 0
        while position < bytes.count, let start = bytes.baseAddress {
            let count = Glibc.write(descriptor, start + position, bytes.count - position)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", path) }
            position += count
        }
    }

    // MARK: Opening

    /// An open file or folder; nil when it is not there.
    func opened(_ path: String, _ flags: Int32) throws(MaxError) -> Int32? {
        guard let folder = try existingParent(path) else { return nil }
        defer { close(folder) }
        let descriptor = openat(folder, Self.last(path), flags | O_CLOEXEC | O_NOFOLLOW)
        if descriptor >= 0 { return descriptor }
        if errno == ENOENT { return nil }
        throw failure("cannot open", path)
    }

    /// For locks: the file is made when it is not there.
    func openedForLocking(_ path: String) throws(MaxError) -> Int32 {
        let folder = try parentFolder(path)
        defer { close(folder) }
        let descriptor = openat(folder, Self.last(path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw failure("cannot open", path) }
        return descriptor
    }

    private func parentFolder(_ path: String) throws(MaxError) -> Int32 {
        guard let folder = try existingParent(path) else { throw MaxError(.io, "cannot open \(self.path)/\(path): its folder is missing") }
        return folder
    }

    private func existingParent(_ path: String) throws(MaxError) -> Int32? {
        let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard components.allSatisfy({ Self.isComponent($0) }) else {
            throw MaxError(.malformed, "\(Text(path).quoted) is not a path inside \(self.path)")
        }
        var folder = fcntl(root, F_DUPFD_CLOEXEC, 0)
        guard folder >= 0 else { throw failure("cannot open", path) }
        for component in components.dropLast() {
            let next = openat(folder, String(Substring(component)), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            let error = errno
            close(folder)
            guard next >= 0 else {
                if error == ENOENT { return nil }
                errno = error
                throw failure("cannot open", path)
            }
            folder = next
        }
        return folder
    }

    private static func isComponent(_ name: Substring.UTF8View) -> Bool {
        !name.isEmpty && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8) && !name.contains(0)
    }

    private static func last(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private func fileSize(_ descriptor: Int32, _ path: String) throws(MaxError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size >= 0 else {
            throw MaxError(.io, "cannot read \(self.path)/\(path): not a regular file")
        }
        return Int(status.st_size)
    }

    private func sync(_ folder: Int32, _ path: String) throws(MaxError) {
        guard fsync(folder) == 0 else { throw failure("cannot write", path) }
    }

    private func failure(_ action: String, _ path: String) -> MaxError {
        MaxError(.io, "\(action) \(self.path)/\(path): \(Self.reason())")
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}

/// A lock on a file, held until it is released or the process ends, however it ends.
package final class FileLock {
    private let descriptor: Int32

    /// - Throws: `.locked` when somebody else holds it after `seconds`.
    package init(_ folder: Folder, _ path: String, exclusive: Bool, seconds: Double) throws(MaxError) {
        descriptor = try folder.openedForLocking(path)
        let operation = exclusive ? LOCK_EX : LOCK_SH
        var waited = 0.0
        var pause: UInt32 = 500
        while flock(descriptor, operation | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, waited < seconds else {
                close(descriptor)
                throw MaxError(.locked, "\(folder.path)/\(path): held by another process for \(Int(waited)) s: try again")
            }
            usleep(pause)
            waited += Double(pause) * 1e-6
            // The longest pause stays short: whoever waits longest should not always come last.
            pause = min(pause * 2, 8000)
        }
    }

    deinit { close(descriptor) }
}
