import ArgumentParser
import Glibc
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime

/// What benchmarks/registry/run times.
@main
struct RegistryBench: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "registry-bench", abstract: "Times hashing, and makes logs of many entries.", subcommands: [Hashing.self, Log.self])
}

struct Hashing: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "MB per second: SHA-256 as it is, the tree on one thread, and on two.")
    @Argument(help: "A file.") var file: String
    @Option(help: "Times; the best counts.") var rounds = 9

    func run() throws {
        let bytes = try FileBytes(path: file)
        func best(_ body: (UnsafeRawBufferPointer) -> [UInt8]) -> Double {
            var best = Double.infinity
            for _ in 0..<rounds {
                let start = monotonicSeconds()
                _ = bytes.withBytes { body($0) }
                best = min(best, monotonicSeconds() - start)
            }
            return Double(bytes.count) / best / 1e6
        }
        let plain = best { SHA256.hash($0) }
        func tree(_ threads: Int) -> Double {
            best { (try? SHA256.tree($0, threads: threads) { _ throws(MaxError) in }) ?? [] }
        }
        print("\(plain) \(tree(1)) \(tree(2))")
    }
}

struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Append entries to a registry's log, in one go.")
    @Argument(help: "The registry.") var path: String
    @Argument(help: "A version.") var version: String
    @Argument(help: "How many.") var count: Int
    @Option(help: "The key.") var key: String

    func run() throws {
        let registry = try Registry(path: path)
        let resolved = try registry.resolve(try ModelReference(version))
        let signer = try PrivateKey(pem: try FileBytes(path: key, limit: 1 << 20).array, place: key)
        let (start, origin) = (monotonicSeconds(), registry.origin)
        var log = try registry.log()
        // As if so many promotions had been refused; the references are left out, each would be a file.
        let records = (0..<count).map { index in
            LogRecord(
                .refuse, time: .now.adding(Int64(index)), actor: signer.publicKey.fingerprint, model: resolved.model, name: "prod",
                manifest: resolved.manifest, statement: resolved.pushed.record.statement
            ).bytes
        }
        try log.append(records) { text throws(MaxError) in [try NoteSignature(signing: text, name: origin, with: signer)] }
        try registry.folder.replace("refs/applied", Array(String(log.checkpoint.size).utf8))
        print("\(count) entries in \(monotonicSeconds() - start) s")
    }
}
