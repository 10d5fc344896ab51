import Glibc
import MaxIR
import MaxRuntime

/// A folder in the OCI image layout: `oci-layout` and `blobs/sha256/<hex>`. Of `index.json` nothing is read or written.
package struct ImageLayout: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    private static let version = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)

    /// Makes the folder and what is in every layout, unless it is there.
    package static func create(path: String) throws(MaxError) -> ImageLayout {
        for folder in [path, "\(path)/blobs", "\(path)/blobs/sha256"] where mkdir(folder, 0o755) != 0 && errno != EEXIST {
            throw MaxError(.io, "cannot make \(folder): \(String(cString: strerror(errno)))")
        }
        if access("\(path)/oci-layout", F_OK) != 0 { try AtomicFile.write(version, to: "\(path)/oci-layout") }
        return ImageLayout(path: path)
    }

    package func path(of digest: ContentDigest) -> String { "\(path)/blobs/sha256/\(digest.hex)" }

    /// Whether the blob is there with this size.
    package func has(_ descriptor: Descriptor) -> Bool {
        var status = stat()
        return stat(path(of: descriptor.digest), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && UInt64(max(status.st_size, 0)) == descriptor.size
    }

    /// Whether the blob is there, its digest right.
    func holds(_ descriptor: Descriptor) throws(MaxError) -> Bool {
        guard has(descriptor) else { return false }
        return try OpenFile(reading: path(of: descriptor.digest)).digest() == descriptor.digest
    }

    /// The manifest of that digest, held against it.
    package func manifest(_ digest: ContentDigest) throws(MaxError) -> ImageManifest {
        let path = path(of: digest)
        let manifest = try ImageManifest(try FileBytes(path: path, limit: UInt64(ImageManifest.maximumBytes)).array)
        guard manifest.digest == digest else { throw MaxError(.contentMismatch, "\(path): its digest is \(manifest.digest)") }
        return manifest
    }

    /// Opens a blob for reading; its size is checked, its digest is for who reads it.
    ///
    /// - Throws: `.notFound`, `.io`, `.contentMismatch` for another size.
    func open(_ descriptor: Descriptor) throws(MaxError) -> OpenFile {
        let path = path(of: descriptor.digest)
        let file = try OpenFile(reading: path)
        guard file.count == descriptor.size else {
            throw MaxError(.contentMismatch, "\(path): \(file.count) bytes, its descriptor says \(descriptor.size)")
        }
        return file
    }

    /// Writes a blob, unless it is there.
    package func add(_ bytes: [UInt8]) throws(MaxError) {
        let digest = ContentDigest(of: bytes)
        if try holds(Descriptor(mediaType: "", digest: digest, size: UInt64(bytes.count))) { return }
        try AtomicFile.write(bytes, to: path(of: digest))
    }

    /// Adds a blob that `receive` writes into the given file; it appears only when digest and size are right.
    ///
    /// - Parameter receive: returns the number and the digest of the bytes that it wrote.
    /// - Throws: `.contentMismatch`.
    func add(
        _ descriptor: Descriptor, from place: String, receive: (Int32) throws(MaxError) -> (UInt64, ContentDigest?)
    ) throws(MaxError) {
        let path = path(of: descriptor.digest)
        let file = try StagedFile(for: path)
        let (count, digest) = try receive(file.descriptor)
        guard count == descriptor.size else {
            throw MaxError(
                .contentMismatch, "\(place): \(descriptor.digest): \(count) bytes received, its descriptor says \(descriptor.size)")
        }
        guard digest == descriptor.digest else {
            throw MaxError(.contentMismatch, "\(place): \(descriptor.digest): what is received has digest \(digest?.text ?? "none")")
        }
        try file.keep()
    }
}
