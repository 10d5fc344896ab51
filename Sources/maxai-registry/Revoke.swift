import ArgumentParser
import MaxCommand
import MaxIR
import MaxRegistry

struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take trust away: from versions, or from keys.",
        discussion: """
            Servers that follow the registry drop what is revoked. A revoked key's signatures count for nothing, whenever made.

            Examples:
              maxai-registry revoke fraud@1.2 --reason 'trained on the wrong table' --registry /srv/models --key promoter.pem
              maxai-registry revoke --fingerprint 3f0c… --reason 'laptop stolen' --registry /srv/models --key promoter.pem
            """)

    @Argument(help: "MODEL@VERSION, any number.") var versions: [String] = []
    @Option(parsing: .upToNextOption, help: "Fingerprints of keys.") var fingerprint: [String] = []
    @Option(help: "Why; shown to whoever is refused.") var reason: String
    @Option(help: "How long this list may be relied on without a newer one, such as P30D.") var life: String?
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let now = Timestamp.now
        var entries: [RevocationList.Entry] = []
        for version in versions {
            let resolved = try opened.resolve(try ModelReference(version))
            entries.append(.init(kind: .artifact, identifier: resolved.manifest.hex, reason: Text(reason), time: now))
        }
        for text in fingerprint {
            guard let digest = BlobDigest(hex: text) else {
                throw MaxError(.usage, "--fingerprint \(Text(text).quoted): expected 64 lowercase hexadecimal digits")
            }
            entries.append(.init(kind: .key, identifier: digest.hex, reason: Text(reason), time: now))
        }
        guard !entries.isEmpty else { throw MaxError(.usage, "name versions, or keys with --fingerprint") }
        let list = try opened.revoke(
            entries, life: try life.map { text throws(MaxError) in try Period(Text(text)) }, signer: try signing.signer(), time: now)
        output.write("revocation list \(list.version): \(list.entries.count) entries") { json in
            json.member("version", list.version)
            json.member("entries", list.entries.count)
        }
    }
}
