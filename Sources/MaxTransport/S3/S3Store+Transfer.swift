import MaxIR

extension S3Store {
    private static let attempts = 16
    private static let maximumReferrerBytes = 64 << 20

    /// Stores a manifest of a layout with its blobs and its referrers with theirs, then the tag. What the store has is
    /// not sent again; referrers that a tag of the same manifest has stay.
    ///
    /// - Throws: as `OCIRegistry.push`.
    package func push(
        _ root: ContentDigest, referrers: [ContentDigest] = [], from layout: ImageLayout, tag: String?, movesTag: Bool = false,
        progress: @escaping ProgressReport = { _, _ in }
    ) throws(MaxError) -> Transferred {
        if let tag { _ = try checked(tag, for: root, movesTag) }
        let manifest = try layout.manifest(root)
        var others: [ImageManifest] = []
        for digest in referrers { others.append(try layout.referrer(digest, of: root)) }
        let progress = Progress(total: Descriptor.totalBytes(([manifest] + others).flatMap(\.blobs)), progress)
        for next in [manifest] + others {
            try pushBlobs(of: next, from: layout, progress)
            if try !hasBlob(next.descriptor) { try putBlob(next.bytes) }
        }
        if let tag { try name(tag, manifest.descriptor, referrers, movesTag) }
        return Transferred(manifest: manifest.descriptor, referrers: others.map(\.descriptor))
    }

    private func pushBlobs(of manifest: ImageManifest, from layout: ImageLayout, _ progress: Progress) throws(MaxError) {
        for blob in manifest.blobs {
            if try hasBlob(blob) {
                progress.add(blob.size)
                continue
            }
            let file = try layout.open(blob)
            let digest = try file.digest()
            guard digest == blob.digest else { throw MaxError(.contentMismatch, "\(file.path): its digest is \(digest)") }
            try putBlob(file, digest) { progress.add(UInt64($0)) }
        }
    }

    private func checked(_ tag: String, for root: ContentDigest, _ movesTag: Bool) throws(MaxError) -> (S3Reference, etag: String)? {
        let found = try reference(tag)
        if let (named, _) = found, named.manifest.digest != root, !movesTag {
            throw MaxError(.conflict, "\(address.text): tag \(tag) names \(named.manifest.digest): move it, or take another tag")
        }
        return found
    }

    private func name(_ tag: String, _ manifest: Descriptor, _ referrers: [ContentDigest], _ movesTag: Bool) throws(MaxError) {
        for _ in 0..<Self.attempts {
            let found = try checked(tag, for: manifest.digest, movesTag)
            let kept = found.flatMap { $0.0.manifest.digest == manifest.digest ? $0.0 : nil }
            let wanted = (kept ?? S3Reference(manifest: manifest, referrers: [])).adding(referrers)
            if wanted == found?.0 { return }
            if try write(tag, wanted, replacing: found?.etag) { return }
        }
        throw MaxError(.conflict, "\(address.text): others keep writing the tag \(tag): try again")
    }

    /// Fetches what a tag or digest names into a layout, and what says something of it.
    ///
    /// By digest, the referrers are those of the tags that name it. Otherwise as `OCIRegistry.pull`.
    package func pull(
        _ version: OCIReference.Version, into layout: ImageLayout, limit: UInt64 = .max,
        progress: @escaping ProgressReport = { _, _ in }
    ) throws(MaxError) -> Transferred {
        let (root, listed) = try resolve(version)
        let manifest = try manifest(root)
        var others: [ImageManifest] = []
        var referrerBytes = 0
        for digest in listed where digest != root {
            let other = try self.manifest(digest)
            guard other.subject?.digest == root else { continue }
            others.append(other)
            referrerBytes += other.bytes.count
            guard referrerBytes <= Self.maximumReferrerBytes else {
                throw MaxError(.limitExceeded, "\(address.text): \(root): referrers of more than \(Self.maximumReferrerBytes) bytes")
            }
        }
        let blobs = ([manifest] + others).flatMap(\.blobs)
        let total = Descriptor.totalBytes(blobs)
        guard total <= limit else { throw MaxError(.limitExceeded, "\(address.text): \(root): \(total) bytes, at most \(limit)") }
        let progress = Progress(total: total, progress)
        for next in [manifest] + others {
            for blob in next.blobs {
                if try layout.holds(blob) {
                    progress.add(blob.size)
                    continue
                }
                try layout.add(blob, from: address.text) { file throws(MaxError) in
                    try fetchBlob(blob, into: file) { progress.add(UInt64($0)) }
                }
            }
            try layout.add(next.bytes)
        }
        return Transferred(manifest: manifest.descriptor, referrers: others.map(\.descriptor))
    }

    private func resolve(_ version: OCIReference.Version) throws(MaxError) -> (ContentDigest, referrers: [ContentDigest]) {
        switch version {
        case .tag(let tag):
            guard let (named, _) = try reference(tag) else { throw MaxError(.notFound, "\(address.text): no tag \(tag)") }
            return (named.manifest.digest, named.referrers)
        case .digest(let digest):
            var named = S3Reference(manifest: Descriptor(mediaType: MediaType.manifest, digest: digest, size: 0), referrers: [])
            for tag in try tags() {
                if let (other, _) = try reference(tag), other.manifest.digest == digest { named = named.adding(other.referrers) }
            }
            return (digest, named.referrers)
        }
    }
}
