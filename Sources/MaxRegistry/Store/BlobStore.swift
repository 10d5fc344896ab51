import Glibc
import MaxIR
import MaxRuntime

/// The name of bytes: their SHA-256.
package struct BlobDigest: Hashable, Sendable, Comparable {
    /// 64 lowercase hexadecimal digits.
    package let hex: String

    package init(of bytes: [UInt8]) { hex = bytes.withUnsafeBytes { SHA256.hash($0) }.hex }

    /// nil unless `hex` is 64 lowercase hexadecimal digits.
    package init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else { return nil }
        self.hex = hex
    }

    /// From `sha256:` and the digits.
    ///
    /// - Throws: `.malformed` for another algorithm or grammar.
    package init(_ name: Text) throws(MaxError) {
        let text = name.string
        guard text.hasPrefix("sha256:"), let digest = BlobDigest(hex: String(text.dropFirst(7))) else {
            throw MaxError(.malformed, "\(name.quoted) is not a digest, expected sha256: and 64 lowercase hexadecimal digits")
        }
        self = digest
    }

    /// `sha256:` and the digits.
    package var name: String { "sha256:\(hex)" }

    package static func < (a: BlobDigest, b: BlobDigest) -> Bool { a.hex.utf8.lexicographicallyPrecedes(b.hex.utf8) }
}

/// Content by its digest, as an OCI image layout keeps it: `blobs/sha256/HEX`.
package struct BlobStore: Sendable {
    static let path = "blobs/sha256"
    let folder: Folder

    package init(folder: Folder) { self.folder = folder }

    package static func path(_ digest: BlobDigest) -> String { "\(path)/\(digest.hex)" }

    /// Stores `bytes`; those that are there already are touched, so that no collector takes them meanwhile.
    @discardableResult package func put(_ bytes: [UInt8]) throws(MaxError) -> BlobDigest {
        let digest = BlobDigest(of: bytes)
        if try folder.size(Self.path(digest)) == bytes.count {
            try folder.touch(Self.path(digest))
        } else {
            try folder.create(Self.path(digest), bytes)
        }
        return digest
    }

    /// Stores a file's bytes.
    package func put(_ file: FileBytes) throws(MaxError) -> (digest: BlobDigest, size: Int) {
        let digest: BlobDigest = try file.withBytes { bytes throws(MaxError) in
            guard let digest = BlobDigest(hex: SHA256.hash(bytes).hex) else { throw MaxError(.internal, "a digest that is none") }
            if try folder.size(Self.path(digest)) == bytes.count {
                try folder.touch(Self.path(digest))
                return digest
            }
            let (temporary, descriptor) = try folder.openTemporary()
            defer { try? folder.remove(temporary) }
            do throws(MaxError) {
                try folder.write(bytes, to: descriptor, temporary)
            } catch {
                close(descriptor)
                throw error
            }
            let synced = fsync(descriptor)
            guard close(descriptor) == 0, synced == 0 else { throw MaxError(.io, "cannot write \(folder.path)/\(temporary)") }
            _ = try folder.link(temporary, Self.path(digest))
            return digest
        }
        return (digest, file.count)
    }

    package func contains(_ digest: BlobDigest) throws(MaxError) -> Bool { try folder.size(Self.path(digest)) != nil }

    /// - Throws: `.notFound` when it is missing, `.contentMismatch` when the bytes are others, `.limitExceeded`.
    package func read(_ digest: BlobDigest, limit: Int = Folder.maximumFileBytes) throws(MaxError) -> [UInt8] {
        guard let bytes = try folder.read(Self.path(digest), limit: limit) else {
            throw MaxError(.notFound, "\(folder.path): blob \(digest.name) is missing")
        }
        let found = BlobDigest(of: bytes)
        guard found == digest else {
            throw MaxError(.contentMismatch, "\(folder.path): blob \(digest.name) holds bytes of \(found.name)")
        }
        return bytes
    }

    /// Where a file lies, for readers that check its bytes themselves.
    package func location(_ digest: BlobDigest) -> String { "\(folder.path)/\(Self.path(digest))" }

    /// All that are there.
    package func digests() throws(MaxError) -> [BlobDigest] {
        try folder.names(Self.path).compactMap { BlobDigest(hex: $0) }
    }
}
