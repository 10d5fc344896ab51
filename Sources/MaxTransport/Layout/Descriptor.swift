import MaxFormats
import MaxIR

/// What names a blob (OCI image specification 1.1, descriptor): its type, digest and size.
package struct Descriptor: Hashable, Sendable {
    package var mediaType: Text
    package var digest: ContentDigest
    package var size: UInt64
    package var artifactType: Text?

    package init(mediaType: Text, digest: ContentDigest, size: UInt64, artifactType: Text? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.artifactType = artifactType
    }

    /// Largest blob that is named.
    static let maximumBytes = Int64(1) << 40

    /// - Throws: `.malformed`, `.limitExceeded`. Addresses and data inside a descriptor are not looked at.
    init(_ document: Document?, _ place: String) throws(MaxError) {
        guard let mediaType = document?["mediaType"]?.text, let digest = document?["digest"]?.text, let size = document?["size"]?.integer
        else { throw MaxError(.malformed, "\(place): expected a descriptor: mediaType, digest and size") }
        guard MediaType.isValid(mediaType) else {
            throw MaxError(.malformed, "\(place): mediaType \(Text(utf8: Array(mediaType.utf8.prefix(100))).quoted) is none")
        }
        guard size >= 0 else { throw MaxError(.malformed, "\(place): size \(size)") }
        guard size <= Self.maximumBytes else { throw MaxError(.limitExceeded, "\(place): size \(size), at most \(Self.maximumBytes)") }
        self.mediaType = mediaType
        do { self.digest = try ContentDigest(digest) } catch { throw error.inside(place) }
        self.size = UInt64(size)
        artifactType = document?["artifactType"]?.text.flatMap { MediaType.isValid($0) ? $0 : nil }
    }

    /// All sizes together, `.max` where they do not fit.
    static func totalBytes(_ descriptors: [Descriptor]) -> UInt64 {
        descriptors.reduce(0) { sum, next in
            let (total, overflows) = sum.addingReportingOverflow(next.size)
            return overflows ? .max : total
        }
    }

    func write(_ json: inout JSONWriter) {
        json.object { json in
            json.key("mediaType")
            json.value(mediaType)
            json.member("digest", digest.text)
            json.member("size", size)
            if let artifactType {
                json.key("artifactType")
                json.value(artifactType)
            }
        }
    }
}

package enum MediaType {
    package static let manifest: Text = "application/vnd.oci.image.manifest.v1+json"
    package static let index: Text = "application/vnd.oci.image.index.v1+json"

    /// Type and subtype as RFC 6838 restricts them: a media type becomes a header.
    static func isValid(_ text: Text) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                (1...127).contains(part.count) && part.first.map(ASCII.isAlphanumeric) == true
                    && part.allSatisfy { ASCII.isAlphanumeric($0) || "!#$&-^_.+".utf8.contains($0) }
            }
    }
}
