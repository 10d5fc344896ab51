import MaxIR

extension OCIRegistry {
    /// Manifests that say something of one manifest, together: they are kept in memory.
    private static let maximumReferrerBytes: UInt64 = 64 << 20

    /// Fetches what a tag or digest names into a layout, and what says something of it.
    ///
    /// The tag is looked up once; everything else is fetched by digest and hashed. A referrer that is about another
    /// manifest is left out. A manifest appears in the layout after its blobs.
    ///
    /// - Parameter limit: how many bytes it may be in all.
    package func pull(
        _ version: OCIReference.Version, into layout: ImageLayout, limit: UInt64 = .max,
        progress: @escaping ProgressReport = { _, _ in }
    ) throws(MaxError) -> Transferred {
        let manifest = try manifest(version)
        let listed = try referrers(of: manifest.digest).filter { $0.mediaType == MediaType.manifest }
        guard Descriptor.totalBytes(listed) <= Self.maximumReferrerBytes else {
            throw MaxError(
                .limitExceeded,
                "\(manifest.digest): referrers of \(Descriptor.totalBytes(listed)) bytes, at most \(Self.maximumReferrerBytes)")
        }
        var others: [ImageManifest] = []
        var seen: Set<ContentDigest> = [manifest.digest]
        for listed in listed where seen.insert(listed.digest).inserted {
            let other = try self.manifest(.digest(listed.digest))
            guard other.bytes.count == listed.size else {
                throw MaxError(
                    .contentMismatch, "\(listed.digest): \(other.bytes.count) bytes received, its descriptor says \(listed.size)")
            }
            if let subject = other.subject, subject.digest == manifest.digest, subject.size == manifest.bytes.count { others.append(other) }
        }
        let blobs = ([manifest] + others).flatMap(\.blobs)
        let total = Descriptor.totalBytes(blobs)
        guard total <= limit else {
            throw MaxError(.limitExceeded, "\(base.authority)/\(repository): \(manifest.digest): \(total) bytes, at most \(limit)")
        }
        let progress = Progress(total: total, progress)
        for next in [manifest] + others {
            try pullBlobs(of: next, into: layout, progress)
            try layout.add(next.bytes)
        }
        return Transferred(manifest: manifest.descriptor, referrers: others.map(\.descriptor))
    }

    private func pullBlobs(of manifest: ImageManifest, into layout: ImageLayout, _ progress: Progress) throws(MaxError) {
        for blob in manifest.blobs {
            if try layout.holds(blob) {
                progress.add(blob.size)
                continue
            }
            try layout.add(blob, from: "\(base.authority)/\(repository)") { file throws(MaxError) in
                try fetchBlob(blob, into: file) { progress.add(UInt64($0)) }
            }
        }
    }
}
