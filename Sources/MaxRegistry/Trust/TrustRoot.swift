import MaxFormats
import MaxIR

/// Who may say what in a registry: keys by role, how many of them it takes, which policy an alias obeys, and until when
/// all this holds.
///
/// Version N + 1 is signed by the threshold of version N's `root` keys and by that of its own: the rule of The Update
/// Framework (section 5.3), by which a stolen key can be replaced.
package struct TrustRoot: Sendable {
    /// What keys are for.
    package enum Role: String, Sendable, CaseIterable {
        /// Signs roots.
        case root
        /// Signs models, and pushes them.
        case builder
        /// Signs evidence: evaluations, drift, latency.
        case evaluator
        /// Signs approvals and waivers.
        case approver
        /// Signs pointers and verdicts, and revokes.
        case promoter
    }

    package struct Membership: Sendable, Equatable {
        package var keys: [String]
        package var threshold: Int

        package init(keys: [String], threshold: Int) {
            self.keys = keys
            self.threshold = threshold
        }
    }

    package var version: Int64
    package var origin: Text
    package var expires: Timestamp
    /// By fingerprint, in the order of the fingerprints.
    package var keys: [(name: Text, key: PublicKey)]
    package var roles: [Role: Membership]
    /// The policy that promotion to an alias obeys; an alias that is not named here takes any.
    package var policies: [String: BlobDigest]
    /// The signed statement that this was read from.
    package private(set) var statement: BlobDigest?

    static let maximumKeys = 256

    /// The keys of a role that are not revoked.
    package func keys(_ role: Role, revoked: Set<String> = []) -> [PublicKey] {
        let members = Set(roles[role]?.keys ?? []).subtracting(revoked)
        return keys.map(\.key).filter { members.contains($0.fingerprint) }
    }

    /// Every key that is not revoked.
    package func allKeys(revoked: Set<String> = []) -> [PublicKey] { keys.map(\.key).filter { !revoked.contains($0.fingerprint) } }

    package func threshold(_ role: Role) -> Int { roles[role]?.threshold ?? 1 }

    package func name(of fingerprint: String) -> Text? { keys.first { $0.key.fingerprint == fingerprint }?.name }

    // MARK: Writing

    package func write(_ json: inout JSONWriter) {
        json.member("version", version)
        json.key("origin")
        json.value(origin)
        json.member("expires", expires.text)
        json.member(
            "keys",
            array: { json in
                for (name, key) in keys {
                    json.object { json in
                        json.key("name")
                        json.value(name)
                        json.member("fingerprint", key.fingerprint)
                        json.member("pem", key.pem)
                    }
                }
            })
        json.member(
            "roles",
            object: { json in
                for role in Role.allCases {
                    guard let membership = roles[role] else { continue }
                    json.member(
                        role.rawValue,
                        object: { json in
                            json.member("threshold", membership.threshold)
                            json.member("keys", array: { json in for key in membership.keys { json.value(key) } })
                        })
                }
            })
        json.member(
            "policies",
            object: { json in
                for (alias, policy) in policies.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                    json.member(alias, policy.name)
                }
            })
    }

    package func signed(with signers: [any Signer]) throws(MaxError) -> [UInt8] {
        try SignedStatement.sign(BlobDigest(of: origin.utf8), name: origin, type: PredicateType.root, with: signers) { write(&$0) }
    }

    // MARK: Reading

    /// - Throws: `.malformed`, `.limitExceeded`.
    init(_ predicate: Member) throws(MaxError) {
        try predicate.onlyMembers(["version", "origin", "expires", "keys", "roles", "policies"])
        version = try predicate.member("version").integer(from: 1)
        origin = try Self.origin(try predicate.member("origin").text())
        expires = try predicate.member("expires").timestamp()
        keys = []
        let members = try predicate.member("keys").elements()
        guard members.count <= Self.maximumKeys else {
            throw MaxError(.limitExceeded, "root: \(members.count) keys, at most \(Self.maximumKeys)")
        }
        for member in members {
            try member.onlyMembers(["name", "fingerprint", "pem"])
            let key = try PublicKey(pem: try member.member("pem").text().utf8, place: "root: \(member.place)")
            let named = try member.member("fingerprint").text()
            guard named == Text(key.fingerprint) else {
                throw MaxError(.malformed, "root: \(member.place): fingerprint \(named.quoted), the key has \(key.fingerprint)")
            }
            guard !keys.contains(where: { $0.key.fingerprint == key.fingerprint }) else {
                throw MaxError(.malformed, "root: key \(key.fingerprint) is given twice")
            }
            keys.append((try member.member("name").text(), key))
        }
        roles = [:]
        for (name, member) in try predicate.member("roles").members() {
            guard let role = Role(rawValue: name.string) else { throw MaxError(.malformed, "root: role \(name.quoted) is unknown") }
            try member.onlyMembers(["threshold", "keys"])
            var list: [String] = []
            for key in try member.member("keys").elements() {
                let fingerprint = try key.text().string
                guard keys.contains(where: { $0.key.fingerprint == fingerprint }), !list.contains(fingerprint) else {
                    throw MaxError(.malformed, "root: \(key.place): \(Text(fingerprint).quoted) is no key of this root, or is given twice")
                }
                list.append(fingerprint)
            }
            let threshold = try member.member("threshold").integer(from: 1)
            guard threshold <= Int64(list.count) else {
                throw MaxError(.malformed, "root: role \(role) needs \(threshold) signers and has \(list.count)")
            }
            roles[role] = Membership(keys: list, threshold: Int(threshold))
        }
        guard roles[.root] != nil else { throw MaxError(.malformed, "root: no role root") }
        policies = [:]
        for (alias, member) in try predicate.member("policies").members() {
            guard alias.isModelName else { throw MaxError(.malformed, "root: \(alias.quoted) is not the name of an alias") }
            policies[alias.string] = try member.digest()
        }
    }

    package init(
        version: Int64, origin: Text, expires: Timestamp, keys: [(name: Text, key: PublicKey)], roles: [Role: Membership],
        policies: [String: BlobDigest] = [:]
    ) {
        self.version = version
        self.origin = origin
        self.expires = expires
        self.keys = keys.sorted { $0.key.fingerprint < $1.key.fingerprint }
        self.roles = roles
        self.policies = policies
    }

    /// The name of a registry: the first line of its checkpoints, so one line without spaces at its ends.
    static func origin(_ text: Text) throws(MaxError) -> Text {
        guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "+") }) else {
            throw MaxError(.malformed, "origin \(text.quoted), expected 1 to 256 printable ASCII characters without spaces and +")
        }
        return text
    }

    /// A root that nobody vouches for but itself: the first, which a client is given by hand.
    ///
    /// - Throws: `.untrusted` when its own root keys did not sign it.
    package static func first(_ bytes: [UInt8], place: String) throws(MaxError) -> TrustRoot {
        var root = try unverified(bytes, place: place)
        try verify(bytes, root, by: root, place: place)
        root.statement = BlobDigest(of: bytes)
        return root
    }

    /// The root after this one.
    ///
    /// - Throws: `.untrusted` when either threshold of signatures is missing, `.rollback` for another version or origin.
    package func next(_ bytes: [UInt8], place: String) throws(MaxError) -> TrustRoot {
        var next = try Self.unverified(bytes, place: place)
        guard next.version == version + 1, next.origin == origin else {
            throw MaxError(
                .rollback,
                "\(place): version \(next.version) of \(next.origin.quoted), expected version \(version + 1) of \(origin.quoted)")
        }
        try Self.verify(bytes, next, by: self, place: place)
        try Self.verify(bytes, next, by: next, place: place)
        next.statement = BlobDigest(of: bytes)
        return next
    }

    /// The keys of a root come with it, so that they must be read before they can check it: nothing is used until `verify`.
    package static func unverified(_ bytes: [UInt8], place: String) throws(MaxError) -> TrustRoot {
        do throws(MaxError) {
            guard bytes.count <= SignedStatement.maximumBytes else {
                throw MaxError(.limitExceeded, "\(bytes.count) bytes, at most \(SignedStatement.maximumBytes)")
            }
            let statement = Member(try JSONReader.read(try SignatureBundle(bytes).payload), "statement")
            try statement.member("predicateType").expect(PredicateType.root)
            return try TrustRoot(try statement.member("predicate"))
        } catch {
            throw error.inside(place)
        }
    }

    private static func verify(_ bytes: [UInt8], _ root: TrustRoot, by signer: TrustRoot, place: String) throws(MaxError) {
        let statement = try SignedStatement(bytes, keys: signer.keys(.root), place: place)
        try statement.expect(PredicateType.root)
        guard statement.signers.count >= signer.threshold(.root) else {
            throw MaxError(
                .untrusted,
                "\(place): signed by \(statement.signers.count) root keys of version \(signer.version), which asks for \(signer.threshold(.root))"
            )
        }
        guard statement.subject == BlobDigest(of: root.origin.utf8) else {
            throw MaxError(.malformed, "\(place): the subject is not the origin \(root.origin.quoted)")
        }
    }

    /// - Throws: `.expired`.
    package func checkNotExpired(at time: Timestamp) throws(MaxError) {
        guard time <= expires else {
            throw MaxError(.expired, "root \(version) expired at \(expires.text), it is \(time.text): have a new root signed")
        }
    }
}
