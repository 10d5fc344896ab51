import MaxFormats
import MaxIR

/// What a tag of a store names: a manifest and those whose subject it is. A small JSON object:
///
///     {"schema":"maxai.ref/1","manifest":{"mediaType":…,"digest":…,"size":…},"referrers":["sha256:…"]}
package struct S3Reference: Equatable, Sendable {
    package var manifest: Descriptor
    package var referrers: [ContentDigest]

    static let schema: Text = "maxai.ref/1"
    static let maximumReferrers = 10_000
    static let maximumBytes = 1 << 20

    package init(manifest: Descriptor, referrers: [ContentDigest]) {
        self.manifest = manifest
        self.referrers = referrers
    }

    /// - Throws: `.malformed`, `.unsupported` for another schema.
    package init(_ bytes: [UInt8]) throws(MaxError) {
        let root = try JSONReader.read(bytes)
        guard let schema = root["schema"]?.text else { throw MaxError(.malformed, "reference: expected a schema") }
        guard schema == Self.schema else {
            throw MaxError(.unsupported, "reference: schema \(schema.quoted), expected \(Self.schema.quoted)")
        }
        manifest = try Descriptor(root["manifest"], "reference.manifest")
        guard case .array(let list)? = root["referrers"] else { throw MaxError(.malformed, "reference.referrers: expected an array") }
        guard list.count <= Self.maximumReferrers else {
            throw MaxError(.limitExceeded, "reference: \(list.count) referrers, at most \(Self.maximumReferrers)")
        }
        referrers = []
        for element in list {
            guard let text = element.text else { throw MaxError(.malformed, "reference.referrers: expected digests") }
            referrers.append(try ContentDigest(text))
        }
    }

    package var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("schema", Self.schema.string)
            json.key("manifest")
            manifest.write(&json)
            json.member("referrers", array: { json in for referrer in referrers { json.value(referrer.text) } })
        }
        return json.bytes
    }

    /// With those of `others` that are not listed yet.
    package func adding(_ others: [ContentDigest]) -> S3Reference {
        var out = self
        for other in others where !out.referrers.contains(other) { out.referrers.append(other) }
        return out
    }
}
