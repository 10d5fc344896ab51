import ArgumentParser
import Glibc
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime

struct Web: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the registry as pages to look at: models, versions, who signed what, promotions with their evidence.",
        discussion: """
            The pages are static and need nothing else. Every verdict is judged again while they are written.

            Example:
              maxai-registry web -o site --registry /srv/models
            """)

    @Option(name: .shortAndLong, help: "The folder to write to.") var output: String
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let opened = try registry.opened()
        let pages = try RegistryPages(opened, trust: try trusting.trust(of: opened), time: .now).files()
        mkdir(output, 0o755)
        for page in pages {
            if let slash = page.path.lastIndex(of: "/") { mkdir("\(output)/\(page.path[..<slash])", 0o755) }
            try AtomicFile.write(page.bytes, to: "\(output)/\(page.path)")
        }
        if !quiet { print("\(output)/index.html and \(pages.count - 1) more pages") }
    }
}
