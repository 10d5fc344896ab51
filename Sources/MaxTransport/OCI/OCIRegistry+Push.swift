import MaxFormats
import MaxIR

extension OCIRegistry {
    /// Sends a manifest of a layout with its blobs, then the referrers with theirs, and names it last: whoever finds the
    /// tag finds the signatures. What the registry has is not sent again.
    ///
    /// - Parameters:
    ///   - referrers: digests of manifests in the layout whose subject is `root`.
    ///   - movesTag: lets the tag leave another manifest.
    /// - Throws: `.conflict` when the tag names another manifest; `.contentMismatch` when a file of the layout is not
    ///   what its name says, or a referrer has another subject.
    package func push(
        _ root: ContentDigest, referrers: [ContentDigest] = [], from layout: ImageLayout, tag: String?, movesTag: Bool = false,
        progress: @escaping ProgressReport = { _, _ in }
    ) throws(MaxError) -> Transferred {
        let named = try tag.flatMap { tag throws(MaxError) in try checked(tag, for: root, movesTag) }
        let manifest = try layout.manifest(root)
        var others: [ImageManifest] = []
        for digest in referrers { others.append(try layout.referrer(digest, of: root)) }
        let progress = Progress(total: Descriptor.totalBytes(([manifest] + others).flatMap(\.blobs)), progress)
        try pushBlobs(of: manifest, from: layout, progress)
        try putManifest(manifest.bytes, type: MediaType.manifest, as: .digest(root))
        for other in others {
            try pushBlobs(of: other, from: layout, progress)
            let isTracked = try putManifest(other.bytes, type: MediaType.manifest, as: .digest(other.digest))
            if !isTracked { try addToFallbackIndex(other.descriptor, of: root) }
        }
        if let tag, named != root { try putManifest(manifest.bytes, type: MediaType.manifest, as: .tag(tag)) }
        return Transferred(manifest: manifest.descriptor, referrers: others.map(\.descriptor))
    }

    /// What the tag names now.
    private func checked(_ tag: String, for root: ContentDigest, _ movesTag: Bool) throws(MaxError) -> ContentDigest? {
        guard OCIReference.isTag(tag) else { throw MaxError(.usage, "tag \(Text(tag).quoted): no tag of a registry") }
        guard let named = try resolve(.tag(tag)) else { return nil }
        guard named == root || movesTag else {
            throw MaxError(.conflict, "\(base.authority)/\(repository):\(tag) names \(named): move it, or take another tag")
        }
        return named
    }

    private func pushBlobs(of manifest: ImageManifest, from layout: ImageLayout, _ progress: Progress) throws(MaxError) {
        for blob in manifest.blobs {
            if try hasBlob(blob.digest) {
                progress.add(blob.size)
                continue
            }
            let file = try layout.open(blob)
            let digest = try file.digest()
            guard digest == blob.digest else { throw MaxError(.contentMismatch, "\(file.path): its digest is \(digest)") }
            try uploadBlob(file, digest) { progress.add(UInt64($0)) }
        }
    }
}

extension ImageLayout {
    /// A manifest of the layout whose subject is `root`.
    func referrer(_ digest: ContentDigest, of root: ContentDigest) throws(MaxError) -> ImageManifest {
        let manifest = try manifest(digest)
        guard manifest.subject?.digest == root else {
            throw MaxError(.contentMismatch, "\(digest): its subject is \(manifest.subject?.digest.text ?? "none"), expected \(root)")
        }
        return manifest
    }
}
