import MaxIR
import Testing

import MaxTransport

@Suite struct ReferenceTests {
    private static let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    private static let manifest = #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(digest)","size":2}"#

    @Test func referencesReadBack() throws {
        let text = #"{"schema":"maxai.ref/1","manifest":\#(Self.manifest),"referrers":["\#(Self.digest)"]}"#
        let reference = try S3Reference(Array(text.utf8))
        #expect(String(decoding: reference.bytes, as: UTF8.self) == text)
        #expect(reference.adding([try ContentDigest(Self.digest)]) == reference)
    }

    @Test(arguments: [
        ("[]", MaxError.Code.malformed), ("{}", .malformed), (#"{"schema":"maxai.ref/2"}"#, .unsupported),
        (#"{"schema":"maxai.ref/1","referrers":[]}"#, .malformed), (#"{"schema":"maxai.ref/1","manifest":\#(manifest)}"#, .malformed),
        (#"{"schema":"maxai.ref/1","manifest":\#(manifest),"referrers":[1]}"#, .malformed),
        (#"{"schema":"maxai.ref/1","manifest":\#(manifest),"referrers":["x"]}"#, .malformed),
    ])
    func otherReferencesAreRefused(text: String, code: MaxError.Code) {
        let error = #expect(throws: MaxError.self) { try S3Reference(Array(text.utf8)) }
        #expect(error?.code == code)
    }

    @Test func valuesOfXML() {
        let bytes = Array("<a><Key>x &amp;&lt;&#39; y</Key><Key></Key><Key>z</a>".utf8)
        #expect(XMLValues.all("Key", in: bytes) == ["x &<' y", ""])
        #expect(XMLValues.first("IsTruncated", in: bytes) == nil)
    }

    @Test func manifestsWithoutTypeAreManifests() throws {
        let config = #"{"mediaType":"application/x","digest":"\#(Self.digest)","size":2}"#
        let manifest = try ImageManifest(Array(#"{"schemaVersion":2,"config":\#(config),"layers":[\#(config)]}"#.utf8))
        #expect(manifest.blobs.count == 1 && manifest.subject == nil && manifest.descriptor.artifactType == "application/x")
    }

    @Test func percentEncoding() {
        #expect(ASCII.percentEncoded("a b/é~$".utf8) == "a%20b%2F%C3%A9~%24")
        #expect(ASCII.percentEncoded("a/b".utf8, keeping: "/") == "a/b")
    }
}
