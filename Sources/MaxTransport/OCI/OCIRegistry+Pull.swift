import MaxIR

extension OCIRegistry {
    /// Fetches what a tag or digest names into a layout, and what says something of it.
    ///
    /// The tag is looked up once; everything else is fetched by digest and hashed. A referrer that is about another
    /// manifest is left out. A manifest appears in the layout after its blobs.
    ///
    /// - Parameter blobBytes: the largest blob that is accepted.
    package func pull(
        _ version: OCIReference.Version, into layout: ImageLayout, blobBytes: UInt64 = .max,
        progress: @escaping ProgressReport = { _, _ in }
    ) throws(MaxError) -> Transferred {
        let manifest = try manifest(version)
        var others: [ImageManifest] = []
        var seen: Set<ContentDigest> = [manifest.digest]
        for listed in try referrers(of: manifest.digest) where listed.mediaType == MediaType.manifest && seen.insert(listed.digest).inserted
        {
            let other = try self.manifest(.digest(listed.digest))
            guard other.bytes.count == listed.size else {
                throw MaxError(
                    .contentMismatch, "\(listed.digest): \(other.bytes.count) bytes received, its descriptor says \(listed.size)")
            }
            if let subject = other.subject, subject.digest == manifest.digest, subject.size == manifest.bytes.count { others.append(other) }
        }
        let blobs = ([manifest] + others).flatMap(\.blobs)
        if let large = blobs.first(where: { $0.size > blobBytes }) {
            throw MaxError(.limitExceeded, "\(base.authority)/\(repository): \(large.digest): \(large.size) bytes, at most \(blobBytes)")
        }
        let progress = Progress(total: blobs.reduce(0) { $0 &+ $1.size }, progress)
        for next in [manifest] + others {
            try pullBlobs(of: next, into: layout, progress)
            try layout.add(next.bytes)
        }
        return Transferred(manifest: manifest.descriptor, referrers: others.map(\.descriptor))
    }

    private func pullBlobs(of manifest: ImageManifest, into layout: ImageLayout, _ progress: Progress) throws(MaxError) {
        for blob in manifest.blobs {
            if layout.has(blob) {
                progress.add(blob.size)
                continue
            }
            try layout.add(blob, from: "\(base.authority)/\(repository)") { file throws(MaxError) in
                try fetchBlob(blob, into: file) { progress.add(UInt64($0)) }
            }
        }
    }
}
