import Testing

import MaxTransport

/// The examples that AWS publishes: "Signature calculations for the Authorization header" of the S3 reference (a GET with
/// a range, a PUT, a bucket's lifecycle, a list), and `get-vanilla` of the signature test suite.
@Suite struct SignatureV4Tests {
    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let putHash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    private static let s3 = SignatureV4(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1")

    private func signed(_ method: String, _ target: String, _ headers: [HTTPHeader] = [], hash: String = emptyHash) -> String {
        let time = "20130524T000000Z"
        let common = [
            HTTPHeader("Host", "examplebucket.s3.amazonaws.com"), HTTPHeader("x-amz-content-sha256", hash), HTTPHeader("x-amz-date", time),
        ]
        return Self.s3.authorization(method, target: target, headers: common + headers, payloadHash: hash, time: time)
    }

    @Test func getOfAnObject() {
        #expect(
            signed("GET", "/test.txt", [HTTPHeader("Range", "bytes=0-9")])
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func putOfAnObject() {
        let headers = [HTTPHeader("Date", "Fri, 24 May 2013 00:00:00 GMT"), HTTPHeader("x-amz-storage-class", "REDUCED_REDUNDANCY")]
        let found = signed("PUT", "/test%24file.text", headers, hash: Self.putHash)
        #expect(found.hasSuffix("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
    }

    @Test func queryWithoutValue() {
        let found = signed("GET", "/?lifecycle")
        #expect(found.hasSuffix("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
    }

    @Test func listOfABucket() {
        let found = signed("GET", "/?prefix=J&max-keys=2")
        #expect(found.hasSuffix("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
    }

    @Test func getVanillaOfTheTestSuite() {
        let signer = SignatureV4(
            accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region: "us-east-1", service: "service")
        let headers = [HTTPHeader("Host", "example.amazonaws.com"), HTTPHeader("X-Amz-Date", "20150830T123600Z")]
        let found = signer.authorization("GET", target: "/", headers: headers, payloadHash: Self.emptyHash, time: "20150830T123600Z")
        #expect(found.hasSuffix("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"))
    }

    @Test func blanksOfAHeaderAreCollapsed() {
        let (request, names) = SignatureV4.canonicalRequest(
            "GET", target: "/", headers: [HTTPHeader("My-Header2", "  \"a   b   c\" "), HTTPHeader("My-Header1", "x")], payloadHash: "h")
        #expect(request == "GET\n/\n\nmy-header1:x\nmy-header2:\"a b c\"\n\nmy-header1;my-header2\nh")
        #expect(names == "my-header1;my-header2")
    }

    @Test func nowHasTheShapeOfADate() {
        let now = Array(SignatureV4.now().utf8)
        #expect(now.count == 16 && now[8] == UInt8(ascii: "T") && now[15] == UInt8(ascii: "Z"))
    }
}
