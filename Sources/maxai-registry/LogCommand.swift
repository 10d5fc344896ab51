import ArgumentParser
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Read and prove the log of everything that was done.",
        subcommands: [Entries.self, VerifyLog.self, Prove.self, Cosign.self], defaultSubcommand: Entries.self)

    struct Entries: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List entries.")

        @OptionGroup var registry: RegistryOptions
        @Option(help: "From this entry on.") var from: UInt64 = 0
        @Option(help: "Of this model only.") var model: String?
        @OptionGroup var output: OutputOptions

        func run() throws {
            let opened = try registry.opened()
            let log = try opened.log()
            guard from <= log.checkpoint.size else { throw MaxError(.usage, "--from \(from): the log has \(log.checkpoint.size) entries") }
            var out = JSONWriter()
            try out.array { json in
                try log.forEachEntry(in: from..<log.checkpoint.size) { index, bytes throws(MaxError) in
                    let record = try LogRecord(bytes, index: Int64(clamping: index))
                    guard model == nil || record.model == model else { return }
                    if output.json {
                        json.object { json in
                            json.member("index", index)
                            record.write(&json)
                        }
                    } else if !output.quiet {
                        let subject = record.model.isEmpty ? record.name : "\(record.model) \(record.name)"
                        let number = record.sequence.map { " #\($0)" } ?? ""
                        print(
                            "\(index)  \(record.time.text)  \(record.action.rawValue)  \(subject)\(number)  by \(record.actor.prefix(12))")
                    }
                }
            }
            if output.json { print(String(decoding: out.bytes, as: UTF8.self)) }
        }
    }

    struct VerifyLog: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Prove the whole log: every entry, tile, signature and statement.",
            discussion: """
                Exit status: 14 when something was changed, 13 when nobody trusted signed it, 19 when it does not extend --since.

                Example:
                  maxai-registry log verify --registry /srv/models --trust root.json --since checkpoint
                """)

        @OptionGroup var registry: RegistryOptions
        @OptionGroup var trusting: TrustOptions
        @Option(help: "A checkpoint seen before, a file: the log must extend it.") var since: String?
        @Flag(help: "Compare every reference with its entry too, a file each.") var references = false
        @OptionGroup var output: OutputOptions

        func run() throws {
            let opened = try registry.opened()
            let trust = try trusting.trust(of: opened)
            let earlier = try since.map { path throws(MaxError) in try Checkpoint(try FileBytes(path: path, limit: 1 << 20).array) }
            var progress = ProgressLine(quiet: output.quiet)
            let found = try opened.verifyLog(trust, since: earlier, references: references) { done, total in
                progress.show("\(done) of \(total) entries")
            }
            progress.finish()
            output.write("\(found.entries) entries, root hash \(found.root): everything is as it was signed") { json in
                json.member("entries", found.entries)
                json.member("root", found.root)
                json.member("signers", array: { json in for signer in found.signers { json.value(signer) } })
            }
        }
    }

    struct Prove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the proof that an entry is in the log, for somebody without the log.",
            discussion: "Example:\n  maxai-registry log prove 17 --registry /srv/models > proof")

        @Argument(help: "The entry.") var index: UInt64
        @OptionGroup var registry: RegistryOptions

        func run() throws {
            let log = try registry.opened().log()
            print(String(decoding: try log.proof(of: index).bytes, as: UTF8.self), terminator: "")
        }
    }

    struct Cosign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a witness's signature line to the newest checkpoint.",
            discussion: "A witness checks that the log extends what it signed before, and signs the checkpoint (C2SP tlog-cosignature).")

        @Argument(help: "A file with the line.") var line: String
        @OptionGroup var registry: RegistryOptions

        func run() throws {
            let bytes = try FileBytes(path: line, limit: 1 << 16).array
            try registry.opened().cosign(Array(bytes.prefix { $0 != UInt8(ascii: "\n") }))
            print("cosigned")
        }
    }
}

struct Collect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove what interrupted pushes have left; safe beside writers.",
        discussion: "Whatever the log leads to stays.\n\nExample:\n  maxai-registry gc --registry /srv/models")

    @OptionGroup var registry: RegistryOptions
    @Option(help: "Leave files alone that are younger, such as PT1H.") var grace = "PT1H"
    @Flag(help: "Say what would be removed.") var dryRun = false
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let found = try opened.collect(grace: try Period(Text(grace)).seconds, isDry: dryRun)
        output.write(
            "\(dryRun ? "would remove" : "removed") \(found.blobs) blobs (\(found.bytes) bytes) and \(found.temporaries) temporary files, kept \(found.kept) blobs"
        ) { json in
            json.member("removedBlobs", found.blobs)
            json.member("removedBytes", found.bytes)
            json.member("removedTemporaries", found.temporaries)
            json.member("keptBlobs", found.kept)
        }
    }
}
