import MaxIR
import Testing

import MaxTransport

@Suite struct ContentDigestTests {
    static let hex = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

    @Test func emptyObjectHasTheKnownDigest() throws {
        #expect(ContentDigest(of: Array("{}".utf8)) == (try ContentDigest("sha256:\(Self.hex)")))
    }

    @Test(arguments: [
        "sha256:../../x", "sha256:", hex, "sha512:\(hex)", "sha256:\(hex.uppercased())", "sha256:\(hex)0", "sha256:\(hex.dropLast())",
        "sha256:\(hex.dropLast())/", " sha256:\(hex)", "sha256:\(hex)\n", "SHA256:\(hex)",
    ])
    func otherTextsAreRefused(text: String) {
        let error = #expect(throws: MaxError.self) { try ContentDigest(text) }
        #expect(error?.code == .malformed)
    }
}
