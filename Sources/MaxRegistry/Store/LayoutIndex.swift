import MaxFormats
import MaxIR

extension Registry {
    /// Writes `index.json`, by which tools for OCI image layouts find versions (`fraud-1.2`) and aliases (`fraud-prod`). Nothing
    /// here reads it.
    package func writeIndex() throws(MaxError) {
        var entries: [(name: String, manifest: BlobDigest, size: Int)] = []
        for model in try models() {
            for version in try versions(of: model) { try add("\(model)-\(version.record.name)", version.record.manifest, &entries) }
            for alias in try aliases(of: model) {
                try add("\(model)-\(alias)", try pointer(of: alias, model: model)?.record.manifest, &entries)
            }
        }
        var json = JSONWriter()
        json.object { json in
            json.member("schemaVersion", 2)
            json.member("mediaType", "application/vnd.oci.image.index.v1+json")
            json.member(
                "manifests",
                array: { json in
                    for entry in entries {
                        json.object { json in
                            ModelManifest.describe(&json, ModelManifest.mediaType, ModelManifest.Blob(entry.manifest, entry.size))
                            json.member("annotations", object: { $0.member("org.opencontainers.image.ref.name", entry.name) })
                        }
                    }
                })
        }
        try folder.replace("index.json", json.bytes, isDurable: false)
    }

    private func add(_ name: String, _ manifest: BlobDigest?, _ entries: inout [(name: String, manifest: BlobDigest, size: Int)])
        throws(MaxError)
    {
        guard let manifest, let size = try folder.size(BlobStore.path(manifest)) else { return }
        entries.append((name, manifest, size))
    }
}
