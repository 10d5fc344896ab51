import ArgumentParser
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Say who may do what: draft, sign, rotate and show trust roots.",
        discussion: """
            A root names keys, the roles that they have (root, builder, evaluator, approver, promoter), how many signatures a role
            takes, and which policy an alias obeys. The next root is signed by the root keys of the one before and its own.

            Examples:
              maxai-registry trust draft --origin models.example.org --member ann=ann.pub --member bob=bob.pub \\
                  --role root=ann,bob --role builder=ann --role evaluator=ann --role approver=ann,bob --role promoter=bob \\
                  --threshold root=2 --expires P365D -o root.json --key ann.pem
              maxai-registry trust sign root.json --key bob.pem
              maxai-registry trust rotate root-2.json --registry /srv/models --key bob.pem
            """,
        subcommands: [Draft.self, AddSignature.self, Rotate.self, Show.self])

    struct Draft: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write a trust root, signed by one key.")

        @Option(help: "The registry's name, such as models.example.org.") var origin: String?
        @Option(help: "The root that this one follows; what is not given is taken from it.") var after: String?
        @Option(parsing: .upToNextOption, help: "NAME=FILE.pub: a key and what it is called.") var member: [String] = []
        @Option(parsing: .upToNextOption, help: "ROLE=NAME,NAME: who has a role.") var role: [String] = []
        @Option(parsing: .upToNextOption, help: "ROLE=N: how many distinct keys a role takes; default 1.") var threshold: [String] = []
        @Option(parsing: .upToNextOption, help: "ALIAS=POLICY.json: the policy that promotion to an alias obeys.") var policy: [String] = []
        @Option(help: "When it ends: a time, or a period such as P365D.") var expires = "P365D"
        @Option(name: .shortAndLong, help: "The file to write.") var output: String
        @OptionGroup var signing: SigningOptions

        func run() throws {
            let old = try after.map { path throws(MaxError) in
                try TrustRoot.first(try FileBytes(path: path, limit: 4 << 20).array, place: path)
            }
            guard let origin = origin.map({ Text($0) }) ?? old?.origin else { throw MaxError(.usage, "--origin: name the registry") }
            var keys = old?.keys ?? []
            for text in member {
                let (name, path) = try Self.pair(text, "--member")
                let key = try PublicKey(pem: try FileBytes(path: path, limit: 1 << 20).array, place: path)
                keys.removeAll { $0.name == Text(name) || $0.key.fingerprint == key.fingerprint }
                keys.append((Text(name), key))
            }
            var roles = old?.roles ?? [:]
            for text in role {
                let (name, list) = try Self.pair(text, "--role")
                var fingerprints: [String] = []
                for member in list.split(separator: ",") {
                    guard let key = keys.first(where: { $0.name == Text(String(member)) }) else {
                        throw MaxError(.usage, "--role \(text): no --member is called \(Text(String(member)).quoted)")
                    }
                    fingerprints.append(key.key.fingerprint)
                }
                let role = try Self.role(name, "--role")
                roles[role] = TrustRoot.Membership(
                    keys: fingerprints, threshold: min(roles[role]?.threshold ?? 1, max(fingerprints.count, 1)))
            }
            for text in threshold {
                let (name, number) = try Self.pair(text, "--threshold")
                guard let count = Int(number), count > 0 else { throw MaxError(.usage, "--threshold \(text): expected ROLE=N") }
                roles[try Self.role(name, "--threshold")]?.threshold = count
            }
            // Keys that nobody names any more leave.
            let used = Set(roles.values.flatMap(\.keys))
            keys.removeAll { !used.contains($0.key.fingerprint) }
            var policies = old?.policies ?? [:]
            for text in policy {
                let (alias, path) = try Self.pair(text, "--policy")
                let bytes = try FileBytes(path: path, limit: 1 << 20).array
                _ = try Policy(bytes, place: path)
                policies[alias] = BlobDigest(of: bytes)
            }
            let root = TrustRoot(
                version: (old?.version ?? 0) + 1, origin: origin, expires: try expiry(expires, "--expires"), keys: keys, roles: roles,
                policies: policies)
            let bytes = try root.signed(with: [try signing.signer()])
            // What is written can be read: roles, thresholds and names are checked there.
            _ = try TrustRoot.unverified(bytes, place: output)
            try AtomicFile.write(bytes, to: output)
            print("\(output): root \(root.version) of \(origin.string), until \(root.expires.text)")
        }

        private static func pair(_ text: String, _ option: String) throws(MaxError) -> (String, String) {
            guard let at = text.firstIndex(of: "=") else { throw MaxError(.usage, "\(option) \(Text(text).quoted): expected NAME=VALUE") }
            return (String(text[..<at]), String(text[text.index(after: at)...]))
        }

        private static func role(_ name: String, _ option: String) throws(MaxError) -> TrustRoot.Role {
            guard let role = TrustRoot.Role(rawValue: name) else {
                let known = TrustRoot.Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw MaxError(.usage, "\(option) \(Text(name).quoted): expected one of \(known)")
            }
            return role
        }
    }

    struct AddSignature: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "sign", abstract: "Add a signature to a trust root or statement.")

        @Argument(help: "The file; it is replaced.") var file: String
        @OptionGroup var signing: SigningOptions

        func run() throws {
            let bytes = try SignedStatement.adding(try signing.signer(), to: try FileBytes(path: file, limit: 4 << 20).array, place: file)
            try AtomicFile.write(bytes, to: file)
            print("\(file): signed")
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make the next trust root the registry's.")

        @Argument(help: "The new root, signed by the old root keys and its own.") var root: String
        @OptionGroup var registry: RegistryOptions
        @OptionGroup var signing: SigningOptions

        func run() throws {
            let next = try registry.opened().rotate(try FileBytes(path: root, limit: 4 << 20).array, signer: try signing.signer())
            print("root \(next.version) of \(next.origin.string), until \(next.expires.text)")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say whom the registry trusts now.")

        @OptionGroup var registry: RegistryOptions
        @OptionGroup var trusting: TrustOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let trust = try trusting.trust(of: try registry.opened())
            let root = trust.root
            var lines = ["root \(root.version) of \(root.origin.string), until \(root.expires.text)"]
            for role in TrustRoot.Role.allCases {
                guard let membership = root.roles[role] else { continue }
                let names = membership.keys.map { trust.name(of: $0) }.joined(separator: ", ")
                lines.append("  \(role.rawValue): \(membership.threshold) of \(names)")
            }
            for (alias, policy) in root.policies.sorted(by: { $0.key < $1.key }) { lines.append("  \(alias) obeys \(policy.name)") }
            for entry in trust.revocations.entries {
                lines.append("  revoked \(entry.kind.rawValue) \(entry.identifier): \(entry.reason.string) (\(entry.time.text))")
            }
            output.write(lines.joined(separator: "\n")) { json in
                root.write(&json)
                json.member("revocations", object: { trust.revocations.write(&$0) })
            }
        }
    }
}
