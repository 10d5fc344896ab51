import Glibc
import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

/// Cases 84 and 85 and the paths of 46 to 52, for models that are directories.
@Suite struct HostileDirectoryTests {
    private let path: String
    private let key: PrivateKey
    private let signature: [UInt8]

    init() throws {
        var name = Array("/tmp/maxai-model-XXXXXX".utf8CString)
        try #require(mkdtemp(&name) != nil)
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try #require(mkdir("\(path)/b", 0o755) == 0)
        try Self.write("\(path)/a.bin", "AAAA")
        try Self.write("\(path)/b/c.json", "{}")
        key = try PrivateKey.generate(.p256)
        signature = try ModelSignature.sign(directory: path, signaturePath: "\(path)/model.sig", with: key)
    }

    private static func write(_ path: String, _ text: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }

    private func verify(_ signature: [UInt8]? = nil) throws -> ModelSignature.Report {
        try ModelSignature.verify(
            directory: path, signatures: [signature ?? self.signature], signaturePaths: ["\(path)/model.sig"],
            trust: SignatureTrust(keys: TrustStore([key.publicKey])))
    }

    /// The vector of the specification's reference: two files, `a.bin` and `b/c.json`.
    @Test func theRootIsThatOfTheVector() throws {
        try Self.write("\(path)/model.sig", "left out")
        mkdir("\(path)/.git", 0o755)
        try Self.write("\(path)/.git/HEAD", "left out")
        #expect(try verify().digest == "614aeb9872d08ed1ed6388d2b4f92d0e5a247cc4637c85d1546a5d4da661f217")
    }

    @Test(arguments: [
        "changed", "more", "more and empty", "missing", "link", "folder link", "hard link", "pipe", "hidden in b/.git", "renamed",
    ])
    func anotherTreeIsRefused(what: String) throws {
        let file = "\(path)/a.bin"
        switch what {
        case "changed": try Self.write(file, "AAAB")
        case "more": try Self.write("\(path)/more", "x")
        case "more and empty": try Self.write("\(path)/more", "")
        case "missing": unlink(file)
        case "link":
            rename(file, "\(path).bin")
            symlink("\(path).bin", file)
        case "folder link":
            rename("\(path)/b", "\(path).b")
            symlink("\(path).b", "\(path)/b")
        case "hard link": link(file, "\(path).hard")
        case "pipe":
            unlink(file)
            mkfifo(file, 0o644)
        case "hidden in b/.git":
            mkdir("\(path)/b/.git", 0o755)
            try Self.write("\(path)/b/.git/x", "x")
        default: rename(file, "\(path)/A.bin")
        }
        let error = #expect(throws: MaxError.self) { try verify() }
        #expect(error?.code == .contentMismatch, "\(error?.message ?? "")")
    }

    @Test func linksAndPathsThatLeadOutAreNotSigned() throws {
        symlink("/etc/passwd", "\(path)/passwd")
        let error = #expect(throws: MaxError.self) { try ModelSignature.sign(directory: path, signaturePath: "s", with: key) }
        #expect(error?.code == .unsupported)
        let out = #expect(throws: MaxError.self) {
            try ModelSignature.sign(directory: path, signaturePath: "s", ignoring: ["../x"], with: key)
        }
        #expect(out?.code == .malformed)
    }

    private func forged(_ resources: [(String, String, String)], _ serialization: String) throws -> [UInt8] {
        let digests = resources.flatMap { resource in
            let digits = Array(resource.1.utf8)
            return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
            }
        }
        let list = resources.map { #"{"name":"\#($0.0)","digest":"\#($0.1)","algorithm":"\#($0.2)"}"# }.joined(separator: ",")
        let payload = Array(
            (#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"\#(hash(digests))"}}],"#
                + #""predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":[\#(list)],"#
                + #""serialization":{\#(serialization),"allow_symlinks":false}}}"#).utf8)
        return SignatureBundle(hint: nil, payload: payload, signatures: [try key.sign(SignatureBundle.authenticated(payload))]).bytes
    }

    private static let a = "63c1dd951ffedf6f7fd968ad4efa39b8ed584f162f46e715114ee184f8de9201"
    private static let c = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    private static let files = #""method":"files","hash_type":"sha256""#

    /// 85. The order is the signer's; the set of names is ours to compare.
    @Test func theListedOrderIsTheRoots() throws {
        let other = [("b/c.json", Self.c, "sha256"), ("a.bin", Self.a, "sha256")]
        #expect(throws: Never.self) { try verify(try forged(other, Self.files)) }
    }

    @Test(arguments: ["../a.bin", "b/../a.bin", "/a.bin", "b//c.json", "./a.bin", "b/", "", "."])
    func namesThatLeadOutAreRefusedBeforeAFileIsOpened(name: String) throws {
        let signature = try forged([(name, Self.a, "sha256"), ("b/c.json", Self.c, "sha256")], Self.files)
        let error = #expect(throws: MaxError.self) { try verify(signature) }
        #expect(error?.code == .malformed, "\(error?.message ?? "")")
    }

    @Test func piecesAreVerifiedAndMustCoverTheFile() throws {
        let (half, whole) = (hash(Array("AA".utf8)), Self.c)
        let sound = [("a.bin:0:2", half, "sha256"), ("a.bin:2:4", half, "sha256-sharded-2"), ("b/c.json:0:2", whole, "sha256")]
        let shards = #""method":"shards","hash_type":"sha256","shard_size":2.0"#
        #expect(throws: Never.self) { try verify(try forged(sound, shards)) }
        for (resources, code) in [
            ([sound[0], sound[2]], .contentMismatch), ([sound[1], sound[2]], .contentMismatch),
            ([("a.bin:0:4", Self.a, "sha256"), sound[2]], .contentMismatch), ([("a.bin:0", half, "sha256"), sound[2]], .malformed),
            ([("a.bin:00:2", half, "sha256"), sound[1], sound[2]], .malformed),
            ([("../a.bin:0:2", half, "sha256"), sound[2]], .malformed),
        ] as [([(String, String, String)], MaxError.Code)] {
            let error = #expect(throws: MaxError.self) { try verify(try forged(resources, shards)) }
            #expect(error?.code == code, "\(resources): \(error?.message ?? "")")
        }
        try Self.write("\(path)/empty", "")
        let error = #expect(throws: MaxError.self) { try verify(try forged(sound, shards)) }
        #expect(error?.code == .contentMismatch)
    }

    @Test(arguments: [
        (#""method":"files","hash_type":"blake3""#, MaxError.Code.unsupported), (#""method":"tree","hash_type":"sha256""#, .unsupported),
        (#""method":"shards","hash_type":"sha256","shard_size":0"#, .malformed),
        (#""method":"shards","hash_type":"sha256","shard_size":1e999"#, .malformed),
        (#""method":"shards","hash_type":"sha256","shard_size":2.5"#, .malformed), (#""method":"shards","hash_type":"sha256""#, .malformed),
        (#""method":"files","hash_type":"sha256","shard_size":2"#, .malformed),
        (#""method":"files","hash_type":"sha256","ignore_paths":["../x"]"#, .malformed),
        (#""method":"files","hash_type":"blake2b""#, .malformed),
    ])
    func otherSerializationsAreRefused(serialization: String, code: MaxError.Code) throws {
        let signature = try forged([("a.bin", Self.a, "sha256"), ("b/c.json", Self.c, "sha256")], serialization)
        let error = #expect(throws: MaxError.self) { try verify(signature) }
        #expect(error?.code == code, "\(error?.message ?? "")")
    }

    /// 57 to 63.
    @Test(arguments: [
        ("depth", MaxError.Code.limitExceeded), ("garbage", .malformed), ("mark", .malformed), ("surrogate", .malformed),
        ("wide", .malformed),
    ])
    func textThatIsNoStrictJSONIsRefused(what: String, code: MaxError.Code) throws {
        let bytes: [UInt8]
        switch what {
        case "depth": bytes = Array(repeating: 0x5b, count: 1_000_000)
        case "garbage": bytes = signature + [0x7b]
        case "mark": bytes = [0xef, 0xbb, 0xbf] + signature
        case "surrogate": bytes = Array(#"{"mediaType":"\ud800"}"#.utf8)
        default: bytes = signature.flatMap { [$0, 0] }
        }
        let error = #expect(throws: MaxError.self) { try verify(bytes) }
        #expect(error?.code == code, "\(error?.message ?? "")")
    }

    /// 70. Keys are counted, not signatures and not files.
    @Test func aThresholdCountsKeys() throws {
        let other = try PrivateKey.generate(.p384)
        var trust = SignatureTrust(keys: TrustStore([key.publicKey, other.publicKey]), threshold: 2)
        func verify(_ signatures: [[UInt8]]) throws -> [String] {
            try ModelSignature.verify(directory: path, signatures: signatures, signaturePaths: [], trust: trust).signers
        }
        let once = #expect(throws: MaxError.self) { try verify([signature, signature]) }
        #expect(once?.code == .untrusted)
        let both = try ModelSignature.add(other, to: signature, directory: path, signaturePath: "\(path)/model.sig")
        #expect(try verify([both]) == [key.publicKey.fingerprint, other.publicKey.fingerprint])
        #expect(try ModelSignature.add(other, to: both, directory: path, signaturePath: "s").count < both.count + 8)
        trust.threshold = 3
        #expect(throws: MaxError.self) { try verify([both]) }
    }
}

private func hash(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { SHA256.hash($0).hex } }
