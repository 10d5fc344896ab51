import MaxIR
import Testing

import MaxTransport

@Suite struct AddressTests {
    private static let hex = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

    @Test func registryAddressesHaveFourParts() throws {
        let tagged = try OCIReference("oci://Registry.example:5000/team/churn:1.2.0")
        #expect(tagged.host == "registry.example" && tagged.port == 5000 && tagged.repository == "team/churn")
        #expect(tagged.version == .tag("1.2.0"))
        let exact = try OCIReference("oci://[::1]/a__b/c-d.e@sha256:\(Self.hex)")
        #expect(exact.host == "[::1]" && exact.port == nil && exact.repository == "a__b/c-d.e")
        #expect(exact.version == .digest(try ContentDigest("sha256:\(Self.hex)")))
        #expect(try OCIReference("oci://127.0.0.1:5000/m").version == nil)
    }

    @Test(arguments: [
        "oci://registry.example:5000/team/churn:1.2.0", "oci://[::1]/a__b/c-d.e", "oci://h/m@sha256:\(hex)", "oci://h/a---b",
    ])
    func registryAddressesReadBack(text: String) throws {
        #expect(try OCIReference(text).text == text)
    }

    @Test(arguments: [
        "", "oci://", "oci://h", "oci://h/", "https://h/m", "oci:///m", "oci://h/M", "oci://h/m:", "oci://h/m:.x", "oci://h/m:a b",
        "oci://h/m:\u{1b}[31m", "oci://h/../m", "oci://h/m//n", "oci://h/-m", "oci://h/m-", "oci://h/a..b", "oci://h/a___b", "oci://h/a._b",
        "oci://user@h/m", "oci://h:0/m", "oci://h:65536/m", "oci://h:x/m", "oci://[::1/m", "oci://[x]/m", "oci://h/m@sha256:abc",
        "oci://h/m:1@sha256:\(hex)", "oci://h/m@sha256:\(hex.uppercased())", "oci://h/m:\(String(repeating: "a", count: 129))",
        "oci://h/\(String(repeating: "a", count: 256))", "oci://h/é", "oci://h/m?x", "oci://h/m#x",
    ])
    func otherRegistryAddressesAreRefused(text: String) {
        let error = #expect(throws: MaxError.self) { try OCIReference(text) }
        #expect(error?.code == .usage)
    }

    @Test func storeAddressesHaveABucketAndAPrefix() throws {
        let address = try S3Address("s3://models-eu.1/team/prod/")
        #expect(address.bucket == "models-eu.1" && address.prefix == "team/prod" && address.text == "s3://models-eu.1/team/prod")
        #expect(try S3Address("s3://abc").prefix == "")
        #expect(try S3Address("s3://abc/").prefix == "")
    }

    @Test(arguments: [
        "", "s3://", "s3://ab", "s3://Models", "s3://a..b", "s3://-ab", "s3://ab-", "s3://abc//x", "s3://abc/../x", "s3://abc/./x",
        "s3://abc/x y", "s3://abc/x?y", "s3://abc/é", "oci://abc/x", "s3://\(String(repeating: "a", count: 64))", "s3://a_b/x",
    ])
    func otherStoreAddressesAreRefused(text: String) {
        let error = #expect(throws: MaxError.self) { try S3Address(text) }
        #expect(error?.code == .usage)
    }
}
