import ArgumentParser
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime

struct TimestampCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timestamp", abstract: "Ask for a time stamp (RFC 3161) of a signature, and put the answer into its file.",
        discussion: """
            The query goes to an authority by any way; the answer is checked by who verifies (--trust-tsa).

            Examples:
              maxai-registry timestamp model.sig --query model.tsq
              curl -H 'Content-Type: application/timestamp-query' --data-binary @model.tsq https://tsa.example.org -o model.tsr
              maxai-registry timestamp model.sig --attach model.tsr
            """)

    @Argument(help: "The file of signatures.") var signature: String
    @Option(help: "Write the query for an authority to this file.") var query: String?
    @Option(help: "Put this answer of an authority into the file of signatures.") var attach: String?
    @Option(help: "For --query: which signature of the file, from 0.") var index = 0
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let bytes = try FileBytes(path: signature, limit: 64 << 20).array
        switch (query, attach) {
        case (let path?, nil):
            try AtomicFile.write(try ModelSignature.timestampQuery(bytes, signature: index), to: path)
            if !quiet { print("\(path): query for a time stamp of signature \(index) in \(signature)") }
        case (nil, let path?):
            let response = try FileBytes(path: path, limit: 1 << 20).array
            try AtomicFile.write(try ModelSignature.attach(timestamp: response, to: bytes), to: signature)
            if !quiet { print("\(signature): holds the time stamp \(path)") }
        default: throw MaxError(.usage, "name either --query or --attach")
        }
    }
}
