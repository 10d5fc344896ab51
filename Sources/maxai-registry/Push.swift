import ArgumentParser
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime

struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Store a signed bundle as a version, which then never changes.",
        discussion: """
            Exit status: 30 when the version exists with other bytes.

            Example:
              maxai-registry push fraud.maxb --registry /srv/models --key builder.pem
            """)

    @Argument(help: "The bundle, signed by a builder.") var bundle: String
    @Option(help: "The version, instead of the one in the bundle.") var version: String?
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let pushed: Registry.Pushed
        do {
            pushed = try opened.push(
                try FileBytes(path: bundle), version: version, signer: try signing.signer(), trust: try trusting.trust(of: opened))
        } catch {
            throw error.inside(bundle)
        }
        try opened.writeIndex()
        output.write("\(pushed.model)@\(pushed.version): \(pushed.manifest.name)\(pushed.wasThere ? ", was there" : "")") { json in
            json.member("model", pushed.model)
            json.member("version", pushed.version)
            json.member("manifest", pushed.manifest.name)
            json.member("wasThere", pushed.wasThere)
        }
    }
}
