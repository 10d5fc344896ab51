import Glibc
import MaxIR
import MaxRuntime

/// A regular file, open for reading.
final class OpenFile {
    let descriptor: Int32
    let path: String
    let count: UInt64

    init(reading path: String) throws(MaxError) {
        let opened = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else {
            throw MaxError(errno == ENOENT ? .notFound : .io, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size >= 0 else {
            close(opened)
            throw MaxError(.io, "cannot read \(path): not a regular file")
        }
        (descriptor, self.path, count) = (opened, path, UInt64(status.st_size))
    }

    deinit { close(descriptor) }

    /// Digest of the whole file.
    func digest() throws(MaxError) -> ContentDigest { try Self.digest(of: descriptor, place: path) }

    /// Digest of a whole open file; its position stays.
    static func digest(of descriptor: Int32, place path: String) throws(MaxError) -> ContentDigest {
        let hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var position: off_t = 0
        while true {
            let read = pread(descriptor, &buffer, buffer.count, position)
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw MaxError(.io, "cannot read \(path): \(String(cString: strerror(errno)))") }
            if read == 0 { return ContentDigest(hash: hash.finish()) }
            buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<read])) }
            position += off_t(read)
        }
    }
}

/// A file that is written beside its place and moved there when it is whole; otherwise it is removed.
final class StagedFile {
    let descriptor: Int32
    private let path: String
    private let temporary: String
    private var isKept = false

    init(for path: String) throws(MaxError) {
        self.path = path
        temporary = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
        descriptor = Glibc.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw MaxError(.io, "cannot write \(path): \(String(cString: strerror(errno)))") }
    }

    func keep() throws(MaxError) {
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw MaxError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        isKept = true
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    deinit {
        close(descriptor)
        if !isKept { unlink(temporary) }
    }
}
