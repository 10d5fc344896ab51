import ArgumentParser
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a registry in a directory, with its first trust root.",
        discussion: """
            Example:
              maxai-registry trust draft --origin models.example.org --member ann=ann.pub --role root=ann builder=ann \\
                  evaluator=ann approver=ann promoter=ann -o root.json --key ann.pem
              maxai-registry init --registry /srv/models --root root.json --key ann.pem
            """)

    @OptionGroup var registry: RegistryOptions
    @Option(help: "The first trust root, signed.") var root: String
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let signer = try signing.signer()
        let bytes = try FileBytes(path: root, limit: 4 << 20).array
        let made = try Registry.create(path: try registry.path(), root: bytes, signer: signer)
        try made.writeIndex()
        output.write("\(made.folder.path): a registry of \(made.origin.string)") { json in
            json.member("registry", made.folder.path)
            json.member("origin", made.origin.string)
        }
    }
}
