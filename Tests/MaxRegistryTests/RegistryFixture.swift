import Glibc
import MaxIR
import MaxRuntime
import Testing

import MaxRegistry

/// A registry in a folder of its own, with keys for every role, and bundles to push.
final class RegistryFixture {
    let folder: String
    let ann: PrivateKey
    let bob: PrivateKey
    let cid: PrivateKey
    let dan: PrivateKey
    let rootBytes: [UInt8]
    let registry: Registry
    static let time = Timestamp(seconds: 1_800_000_000)!

    /// - Parameter policies: what the root binds aliases to.
    init(policies: [String: BlobDigest] = [:]) throws {
        var template = Array("/tmp/maxai-registry-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) }
        folder = String(cString: try #require(made))
        (ann, bob) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.p256))
        (cid, dan) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.p256))
        let root = Self.root(1, ann, bob, cid, dan, policies: policies)
        rootBytes = try root.signed(with: [dan])
        registry = try Registry.create(path: "\(folder)/registry", root: rootBytes, signer: dan)
    }

    deinit { _ = removeTree(folder) }

    static func root(
        _ version: Int64, _ ann: PrivateKey, _ bob: PrivateKey, _ cid: PrivateKey, _ dan: PrivateKey,
        policies: [String: BlobDigest] = [:], expires: Timestamp = time.adding(1_000_000_000)
    ) -> TrustRoot {
        func fingerprints(_ keys: PrivateKey...) -> [String] { keys.map(\.publicKey.fingerprint) }
        return TrustRoot(
            version: version, origin: "test.example", expires: expires,
            keys: [("ann", ann.publicKey), ("bob", bob.publicKey), ("cid", cid.publicKey), ("dan", dan.publicKey)],
            roles: [
                .root: .init(keys: fingerprints(dan), threshold: 1), .builder: .init(keys: fingerprints(ann), threshold: 1),
                .evaluator: .init(keys: fingerprints(bob), threshold: 1),
                .approver: .init(keys: fingerprints(ann, bob, cid), threshold: 1),
                .promoter: .init(keys: fingerprints(dan), threshold: 1),
            ], policies: policies)
    }

    var pinned: TrustRoot { get throws { try TrustRoot.first(rootBytes, place: "root") } }
    var trust: Trust { get throws { try registry.trust(pinned: try pinned) } }

    /// `y = x × factor`, with three golden rows and an evaluation.
    static func bundle(version: String = "1.0", factor: Float = 2, auc: Double = 0.9, signer: PrivateKey?) throws -> FileBytes {
        var builder = GraphBuilder(name: "fraud")
        let x = try builder.input("x", TensorType(.f32, [.rows]), missing: .nan)
        let constant = try builder.constant(Tensor([factor], shape: []))
        builder.output("y", try builder.add(Ops.mul, [x, constant]))
        let golden = GoldenRows(inputs: [Tensor([1, 2, -3] as [Float])], outputs: [Tensor([factor, 2 * factor, -3 * factor])])
        let evaluation = #"{"format":"maxai-evaluation","version":1,"metrics":[{"name":"auc","value":\#(auc)}]}"#
        let bytes = try BundleWriter.bytes(
            of: BundleContent(
                info: ModelInfo(name: "fraud", version: Text(version)), producer: "test", graph: try builder.finish(), golden: golden,
                evaluation: Array(evaluation.utf8)))
        guard let signer else { return FileBytes(bytes) }
        return FileBytes(try ModelSignature.embed(in: try Bundle(bytes: bytes), with: signer))
    }

    @discardableResult
    func push(_ version: String = "1.0", factor: Float = 2, auc: Double = 0.9, time: Timestamp = time) throws -> Registry.Resolved {
        let file = try Self.bundle(version: version, factor: factor, auc: auc, signer: ann)
        _ = try registry.push(file, signer: ann, trust: try trust, time: time)
        return try registry.resolve(try ModelReference("fraud@\(version)"))
    }

    func attest(_ resolved: Registry.Resolved, _ type: String, _ predicate: String, _ key: PrivateKey) throws {
        let bytes = try SignedStatement.sign(
            resolved.manifest, name: Text(resolved.text), type: type, predicate: Array(predicate.utf8), with: [key])
        try registry.attest(resolved, bytes, signer: key, trust: try trust, time: Self.time)
    }

    func evaluate(_ resolved: Registry.Resolved, auc: Double) throws {
        try attest(
            resolved, PredicateType.evaluation,
            #"{"time":"\#(Self.time.text)","evaluation":{"metrics":[{"name":"auc","value":\#(auc)}]}}"#, bob)
    }

    func approve(_ resolved: Registry.Resolved, _ alias: String = "prod", _ key: PrivateKey, more: String = "") throws {
        try attest(resolved, PredicateType.approval, #"{"alias":"\#(alias)"\#(more)}"#, key)
    }

    @discardableResult
    func promote(
        _ resolved: Registry.Resolved, _ alias: String = "prod", _ policy: String = RegistryFixture.open, kind: Verdict.Kind = .promote,
        expected: Int64? = nil, time: Timestamp = RegistryFixture.time
    ) throws -> Registry.Promotion {
        try registry.promote(
            resolved, to: alias, policy: Array(policy.utf8), signer: dan, trust: try trust, kind: kind, expected: expected, time: time)
    }

    func verify(_ text: String, _ state: inout ClientState?, at time: Timestamp = RegistryFixture.time) throws(MaxError) -> VerifiedVersion
    {
        var checks = Verification()
        return try registry.verify(
            try ModelReference(text), pinned: try TrustRoot.first(rootBytes, place: "root"), state: &state, at: time, checks: &checks)
    }

    /// The code with which something ends; nil when it does not throw.
    static func code(_ body: () throws -> Void) -> MaxError.Code? {
        do {
            try body()
            return nil
        } catch let error as MaxError { return error.code } catch { return .internal }
    }

    static let open = #"{"schema":"maxai.policy/1","require":{"signatures":[{"role":"builder","threshold":1}]}}"#

    static func requiring(_ rules: String) -> String { #"{"schema":"maxai.policy/1","require":{\#(rules)}}"# }
}

/// Removes a folder with what is in it.
private func removeTree(_ folder: String) -> Int32 {
    guard let stream = opendir(folder) else { return unlink(folder) }
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        let path = "\(folder)/\(name)"
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { _ = removeTree(path) } else { unlink(path) }
    }
    closedir(stream)
    return rmdir(folder)
}
