import ArgumentParser
import Glibc
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what differs between two bundles: columns, operators, constants, trees, metrics.",
        discussion: """
            Exit status: 0 whether they differ or not; with --exit-code, 1 when they do.

            Examples:
              maxai-registry diff fraud-1.1.maxb fraud-1.2.maxb
              maxai-registry diff fraud-1.1.maxb fraud-1.2.maxb --json --exit-code
              maxai-registry diff fraud@prod fraud@1.2 --registry /srv/models
            """)

    @Argument(help: "The bundle as it was: a file, or MODEL@VERSION, MODEL@ALIAS of a registry.") var from: String
    @Argument(help: "The bundle as it is.") var to: String
    @OptionGroup var registry: RegistryOptions
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "As a section of an HTML page.") var html = false
    @Flag(help: "Exit with 1 when something differs.") var exitCode = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func validate() throws {
        if json, html { throw ValidationError("--json and --html: name one") }
    }

    func run() throws {
        let diff = try ModelDiff(from: try bundle(from), to: try bundle(to))
        if !quiet {
            if json {
                print(String(decoding: diff.json, as: UTF8.self))
            } else if html {
                print(diff.html)
            } else {
                print(diff.text, terminator: "")
            }
        }
        if exitCode, !diff.isEmpty { throw ExitCode(1) }
    }

    private func bundle(_ text: String) throws(MaxError) -> Bundle {
        guard text.contains("@"), access(text, F_OK) != 0 else { return try Bundle(path: text) }
        let opened = try registry.opened()
        return try opened.bundle(of: try opened.manifest(try opened.resolve(try ModelReference(text)).manifest))
    }
}
