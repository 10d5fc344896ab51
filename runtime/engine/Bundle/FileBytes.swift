import Glibc
import MaxIR

/// The bytes of a regular file, read into private memory: all at once, or range by range as they are asked for.
///
/// Not a shared mapping: a file that someone truncates while it is mapped would end the process with SIGBUS.
public final class FileBytes: @unchecked Sendable {
    // Sendable: a range is written once, under its store's lock, before anyone else sees it.
    /// Only as long as this object lives: use it under `withBytes`, or where the object is held. Where ranges are read
    /// as they are asked for (`load`), the others are zero and take no memory.
    let bytes: UnsafeRawBufferPointer
    /// The open file and its path, while ranges may still be read.
    private let source: (descriptor: Int32, path: String)?

    /// - Parameter onDemand: reads nothing yet; `load` does.
    /// - Throws: `.notFound` when there is no such file, `.io` when it is not a regular file or cannot be read,
    ///   `.limitExceeded` above `limit`.
    public init(path: String, limit: UInt64 = BundleLayout.maximumFileBytes, onDemand: Bool = false) throws(MaxError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code: MaxError.Code = errno == ENOENT ? .notFound : .io
            throw MaxError(code, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        do throws(MaxError) {
            let count = try Self.size(descriptor, path, limit)
            let memory = try Self.memory(count, path)
            bytes = UnsafeRawBufferPointer(start: memory, count: count)
            if !onDemand { try Self.read(descriptor, path, 0..<count, into: memory) }
        } catch {
            close(descriptor)
            throw error
        }
        source = onDemand ? (descriptor, path) : nil
        if !onDemand { close(descriptor) }
    }

    private static func size(_ descriptor: Int32, _ path: String, _ limit: UInt64) throws(MaxError) -> Int {
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
        return Int(status.st_size)
    }

    /// Anonymous pages: page-aligned as sections are, without cost until written, and given back whole.
    private static func memory(_ count: Int, _ path: String) throws(MaxError) -> UnsafeMutableRawPointer? {
        guard count > 0 else { return nil }
        guard let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
            throw MaxError(.io, "cannot read \(path): no memory for \(count) bytes")
        }
        return memory
    }

    /// Reads a range of the file, unless all of it was read at once. The caller keeps others from reading it meanwhile.
    func load(_ range: Range<Int>) throws(MaxError) {
        guard let source else { return }
        try Self.read(source.descriptor, source.path, range, into: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    private static func read(_ descriptor: Int32, _ path: String, _ range: Range<Int>, into memory: UnsafeMutableRawPointer?)
        throws(MaxError)
    {
        guard !range.isEmpty, let memory else { return }
        prefault(memory, range)
        var position = range.lowerBound
        while position < range.upperBound {
            let read = pread(descriptor, memory + position, range.upperBound - position, off_t(position))
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { throw MaxError(.io, "cannot read \(path): it ended at byte \(position) of \(range.upperBound)") }
            position += read
        }
    }

    /// Has the kernel make the pages of a long range at once, half the price of one fault each. Best effort: kernels before
    /// 5.14 do not know it.
    private static func prefault(_ memory: UnsafeMutableRawPointer, _ range: Range<Int>) {
        let (populateForWriting, page) = (Int32(23), 4096)
        guard range.count >= 16 * page else { return }
        let start = range.lowerBound / page * page
        madvise(memory + start, range.upperBound - start, populateForWriting)
    }

    public init(_ copy: [UInt8]) {
        source = nil
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
        if let source { close(source.descriptor) }
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
