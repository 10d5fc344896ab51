import Glibc
import MaxIR

/// The bytes of a regular file, read whole into private memory.
///
/// Not a shared mapping: a file that someone truncates while it is mapped would end the process with SIGBUS.
/// Bundles of tables' models are small; reading costs less than checking their digest does.
public final class FileBytes: @unchecked Sendable {
    // Sendable: the memory is written once, before anyone else sees it.
    /// Only as long as this object lives: use it under `withBytes`, or where the object is held.
    let bytes: UnsafeRawBufferPointer

    /// - Throws: `.notFound` when there is no such file, `.io` when it is not a regular file or cannot be read,
    ///   `.limitExceeded` above `limit`.
    public init(path: String, limit: UInt64 = BundleLayout.maximumFileBytes) throws(MaxError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code: MaxError.Code = errno == ENOENT ? .notFound : .io
            throw MaxError(code, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw MaxError(.io, "cannot read \(path): not a regular file")
        }
        guard status.st_size >= 0, UInt64(status.st_size) <= limit else {
            throw MaxError(.limitExceeded, "\(path): \(status.st_size) bytes, at most \(limit)")
        }
        // A sparse file can claim more than the disk and the memory have.
        guard UInt64(status.st_size) <= UInt64(max(status.st_blocks, 0)) * 512 + (1 << 20) else {
            throw MaxError(.malformed, "\(path): a sparse file of \(status.st_size) bytes")
        }
        let count = Int(status.st_size)
        // Anonymous pages: page-aligned as sections are, and given back whole.
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
            throw MaxError(.io, "cannot read \(path): no memory for \(count) bytes")
        }
        var position = 0
        while position < count {
            let read = Glibc.read(descriptor, memory + position, count - position)
            if read < 0, errno == EINTR { continue }
            guard read > 0 else {
                munmap(memory, count)
                throw MaxError(.io, "cannot read \(path): it ended at byte \(position) of \(count)")
            }
            position += read
        }
        bytes = UnsafeRawBufferPointer(start: memory, count: count)
    }

    public init(_ copy: [UInt8]) {
        guard !copy.isEmpty, let memory = mmap(nil, copy.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED
        else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        copy.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: copy.count) }
        bytes = UnsafeRawBufferPointer(start: memory, count: copy.count)
    }

    public var count: Int { bytes.count }

    /// A copy of the bytes.
    public var array: [UInt8] { withBytes { Array($0) } }

    /// Calls `body` with the bytes; they must not escape it.
    public func withBytes<Value, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Value) throws(Failure) -> Value {
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
