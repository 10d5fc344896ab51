import MaxFormats
import MaxIR

/// The blobs that a manifest names (OCI image specification 1.1), with the manifest's own bytes.
package struct ImageManifest: Sendable {
    /// The bytes as they were received: what the digest is of.
    package let bytes: [UInt8]
    package let digest: ContentDigest
    package let artifactType: Text?
    package let config: Descriptor
    package let layers: [Descriptor]
    /// The manifest that this one says something of, as a signature does.
    package let subject: Descriptor?

    /// Largest manifest, as registries have it.
    package static let maximumBytes = 4 << 20

    /// - Throws: `.malformed`, `.limitExceeded`, `.unsupported` for an index.
    package init(_ bytes: [UInt8]) throws(MaxError) {
        guard bytes.count <= Self.maximumBytes else {
            throw MaxError(.limitExceeded, "manifest: \(bytes.count) bytes, at most \(Self.maximumBytes)")
        }
        let root: Document
        do { root = try JSONReader.read(bytes) } catch { throw error.inside("manifest") }
        guard root["schemaVersion"]?.integer == 2 else { throw MaxError(.malformed, "manifest: expected schemaVersion 2") }
        let mediaType = root["mediaType"]?.text ?? MediaType.manifest
        guard mediaType == MediaType.manifest else {
            throw MaxError(.unsupported, "manifest: mediaType \(mediaType.quoted), expected \(MediaType.manifest.quoted)")
        }
        config = try Descriptor(root["config"], "manifest.config")
        guard case .array(let list)? = root["layers"] else { throw MaxError(.malformed, "manifest.layers: expected an array") }
        var layers: [Descriptor] = []
        for (position, layer) in list.enumerated() { layers.append(try Descriptor(layer, "manifest.layers[\(position)]")) }
        self.layers = layers
        if case .object? = root["subject"] { subject = try Descriptor(root["subject"], "manifest.subject") } else { subject = nil }
        artifactType = root["artifactType"]?.text.flatMap { MediaType.isValid($0) ? $0 : nil }
        self.bytes = bytes
        digest = ContentDigest(of: bytes)
    }

    package var descriptor: Descriptor {
        Descriptor(
            mediaType: MediaType.manifest, digest: digest, size: UInt64(bytes.count),
            artifactType: artifactType ?? (config.mediaType == "application/vnd.oci.empty.v1+json" ? nil : config.mediaType))
    }

    /// Configuration and layers, each once.
    package var blobs: [Descriptor] {
        var seen = Set<ContentDigest>()
        return ([config] + layers).filter { seen.insert($0.digest).inserted }
    }
}
