import Glibc
import MaxIR

/// A model that is a directory. Every name is opened component by component without following links; a file is a regular one
/// that has one name only.
///
/// Names are bytes: neither Unicode normalisation nor case is looked at.
final class ModelDirectory {
    let path: String
    private let root: Int32
    /// What a file that may not be there is refused with.
    private let refusal: MaxError.Code
    /// Left out at the top of a model, by the specification.
    static let alwaysIgnored: [Text] = [".git", ".gitignore", ".gitattributes", ".github"]
    private static let maximumDepth = 64

    /// - Parameter refusal: the code for links, hard links and special files: `.unsupported` when signing, `.contentMismatch` when
    ///   verifying.
    /// - Throws: `.notFound`, `.io`.
    init(path: String, refusal: MaxError.Code) throws(MaxError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw MaxError(errno == ENOENT ? .notFound : .io, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        self.path = path
        self.refusal = refusal
        root = descriptor
    }

    deinit { close(root) }

    /// The files of the model in ascending order of their names' bytes.
    ///
    /// - Parameter ignored: relative paths that are passed over, with what is inside them.
    /// - Throws: the refusal for links and special files; `.limitExceeded` above `Statement.maximumResources` files.
    func files(ignoring ignored: [Text]) throws(MaxError) -> [Text] {
        var found: [Text] = []
        try walk(try duplicate(), [], ignored + Self.alwaysIgnored, depth: 0, &found)
        return found.sorted()
    }

    private func walk(_ folder: Int32, _ prefix: [UInt8], _ ignored: [Text], depth: Int, _ found: inout [Text]) throws(MaxError) {
        guard let stream = fdopendir(folder) else {
            close(folder)
            throw failure(Text(utf8: prefix))
        }
        defer { closedir(stream) }
        guard depth <= Self.maximumDepth else {
            throw MaxError(.limitExceeded, "\(path): folders nested deeper than \(Self.maximumDepth)")
        }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
            let full = Text(utf8: prefix + name)
            if full.isAtOrInside(ignored) { continue }
            guard full.isModelPath else { throw MaxError(refusal, "\(path): \(full.quoted) is no name in UTF-8 of at most 4096 bytes") }
            var status = stat()
            guard fstatat(dirfd(stream), (name + [0]).map { CChar(bitPattern: $0) }, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw failure(full)
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                let next = openat(
                    dirfd(stream), (name + [0]).map { CChar(bitPattern: $0) }, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                guard next >= 0 else { throw failure(full) }
                try walk(next, full.utf8 + [UInt8(ascii: "/")], ignored, depth: depth + 1, &found)
            case S_IFREG:
                guard found.count < Statement.maximumResources else {
                    throw MaxError(.limitExceeded, "\(path): more than \(Statement.maximumResources) files")
                }
                found.append(full)
            case S_IFLNK: throw MaxError(refusal, "\(path): \(full.quoted) is a symbolic link: a model holds files and folders only")
            default: throw MaxError(refusal, "\(path): \(full.quoted) is neither a file nor a folder")
            }
        }
    }

    /// An open regular file with one name, and its size.
    ///
    /// - Throws: the refusal for everything else, also for what is not there when verifying.
    func opened(_ name: Text) throws(MaxError) -> (descriptor: Int32, bytes: Int) {
        let components = name.utf8.split(separator: UInt8(ascii: "/")).map { $0.map { CChar(bitPattern: $0) } + [0] }
        guard name.isModelPath, let last = components.last else { throw MaxError(.malformed, "\(name.quoted) is no path inside the model") }
        var folder = try duplicate()
        for component in components.dropLast() {
            let next = openat(folder, component, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            let error = errno
            close(folder)
            errno = error
            guard next >= 0 else { throw failure(name) }
            folder = next
        }
        let file = openat(folder, last, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        let error = errno
        close(folder)
        errno = error
        guard file >= 0 else { throw failure(name) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1, status.st_size >= 0 else {
            let why = status.st_mode & S_IFMT == S_IFREG ? "has \(status.st_nlink) names (hard links)" : "is not a regular file"
            close(file)
            throw MaxError(refusal, "\(path): \(name.quoted) \(why)")
        }
        return (file, Int(status.st_size))
    }

    /// The digest of a range of an open file, in lowercase hexadecimal.
    func digest(_ file: Int32, _ range: Range<Int>, _ hash: ContentHash, _ name: Text) throws(MaxError) -> String {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(1 << 20, max(range.count, 1)), alignment: 64)
        defer { buffer.deallocate() }
        return try hash.digest { update throws(MaxError) in
            var position = range.lowerBound
            while position < range.upperBound {
                let count = pread(file, buffer.baseAddress, min(buffer.count, range.upperBound - position), off_t(position))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    throw MaxError(.io, "\(path): \(name.quoted): ended at byte \(position) of \(range.upperBound)")
                }
                update(UnsafeRawBufferPointer(start: buffer.baseAddress, count: count))
                position += count
            }
        }.hex
    }

    private func duplicate() throws(MaxError) -> Int32 {
        // Not dup: the position in the listing would be shared.
        let copy = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard copy >= 0 else { throw failure(Text(path)) }
        return copy
    }

    private func failure(_ name: Text) -> MaxError {
        let missing = [ENOENT, ENOTDIR, ELOOP].contains(errno)
        return MaxError(missing ? refusal : .io, "\(path): cannot open \(name.quoted): \(String(cString: strerror(errno)))")
    }
}
