import MaxFormats
import MaxIR

/// A version as an OCI image manifest of the CNCF ModelPack specification, with one layer: the bundle, as it is.
///
/// Source: modelpack/model-spec v0.0.7, docs/spec.md; opencontainers/image-spec 1.1, manifest.md. No times and no random
/// numbers are in it: equal bundles have equal manifests.
package struct ModelManifest: Sendable, Equatable {
    static let mediaType = "application/vnd.oci.image.manifest.v1+json"
    static let artifactType = "application/vnd.cncf.model.manifest.v1+json"
    static let configType = "application/vnd.cncf.model.config.v1+json"
    static let layerType = "application/vnd.cncf.model.weight.v1.raw"
    package static let maximumBytes = 4 << 20

    package struct Blob: Sendable, Equatable {
        package var digest: BlobDigest
        package var size: Int

        package init(_ digest: BlobDigest, _ size: Int) {
            self.digest = digest
            self.size = size
        }
    }

    package var model: String
    package var version: String
    package var config: Blob
    package var bundle: Blob

    package init(model: String, version: String, config: Blob, bundle: Blob) {
        self.model = model
        self.version = version
        self.config = config
        self.bundle = bundle
    }

    /// The configuration that a manifest of this bundle names.
    package static func configuration(model: String, version: String, bundle: BlobDigest) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member(
                "descriptor",
                object: { json in
                    json.member("name", model)
                    json.member("version", version)
                })
            json.member("config", object: { $0.member("format", "maxb") })
            json.member(
                "modelfs",
                object: { json in
                    json.member("type", "layers")
                    json.member("diffIds", array: { $0.value(bundle.name) })
                })
        }
        return json.bytes
    }

    package var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("schemaVersion", 2)
            json.member("mediaType", Self.mediaType)
            json.member("artifactType", Self.artifactType)
            json.member("config", object: { Self.describe(&$0, Self.configType, config) })
            json.member(
                "layers",
                array: { json in
                    json.object { json in
                        Self.describe(&json, Self.layerType, bundle)
                        json.member("annotations", object: { $0.member("org.cncf.model.filepath", "\(model).maxb") })
                    }
                })
            json.member(
                "annotations",
                object: { json in
                    json.member("org.opencontainers.image.title", model)
                    json.member("org.opencontainers.image.version", version)
                })
        }
        return json.bytes
    }

    static func describe(_ json: inout JSONWriter, _ mediaType: String, _ blob: Blob) {
        json.member("mediaType", mediaType)
        json.member("digest", blob.digest.name)
        json.member("size", blob.size)
    }

    /// - Throws: `.malformed` for another kind of manifest, or one of several layers.
    package init(_ bytes: [UInt8]) throws(MaxError) {
        guard bytes.count <= Self.maximumBytes else {
            throw MaxError(.limitExceeded, "manifest: \(bytes.count) bytes, at most \(Self.maximumBytes)")
        }
        let root = Member(try JSONReader.read(bytes), "manifest")
        try root.member("mediaType").expect(Self.mediaType)
        try root.member("artifactType").expect(Self.artifactType)
        config = try Self.blob(try root.member("config"), Self.configType)
        let layers = try root.member("layers").elements()
        guard layers.count == 1 else { throw MaxError(.malformed, "manifest: \(layers.count) layers, expected one") }
        bundle = try Self.blob(layers[0], Self.layerType)
        let annotations = try root.member("annotations")
        model = try annotations.member("org.opencontainers.image.title").name()
        version = try annotations.member("org.opencontainers.image.version").name()
    }

    private static func blob(_ member: Member, _ mediaType: String) throws(MaxError) -> Blob {
        try member.member("mediaType").expect(mediaType)
        return Blob(try member.member("digest").digest(), Int(try member.member("size").integer()))
    }
}
