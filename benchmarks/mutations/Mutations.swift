import ArgumentParser
import Glibc
import MaxIR
import MaxMutations
import MaxRuntime

/// Damages inputs of one kind and reads each; ends with status 1 when one was answered wrongly. What crashes or hangs ends the
/// process: the number of the case is in the progress file then.
@main
struct Mutations: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutations", abstract: "Read damaged inputs of one kind, in a reproducible way.")

    @Option(help: "The kind: \(InputKind.allCases.map(\.rawValue).joined(separator: ", ")).") var kind: String
    @Option(help: "How many cases.") var count = 10_000
    @Option(help: "The first case.") var from = 0
    @Option(help: "Of the random numbers.") var seed: UInt64 = 1
    @Option(help: "Seconds that one case may take.") var seconds: UInt32 = 20
    @Option(help: "MiB that the process may grow by.") var memory = 2048
    @Option(help: "A file that holds the number of the case being read.") var progress: String?
    @Option(help: "Write this case to --output and do not read it.") var write: Int?
    @Option(help: "Where to write it.") var output: String?
    @Flag(help: "Print what each case is answered with.") var list = false
    @Argument(help: "Good inputs to damage; without any, those that are made for this kind.") var files: [String] = []

    func run() throws {
        guard let kind = InputKind(rawValue: kind) else { throw ValidationError("there is no kind '\(kind)'") }
        var seeds: [[UInt8]]? = files.isEmpty ? nil : []
        for file in files { seeds?.append(try FileBytes(path: file).array) }
        let campaign = try Campaign(kind, seeds: seeds, seed: seed)
        if let write {
            guard let output else { throw ValidationError("--write needs --output") }
            return try AtomicFile.write(campaign.bytes(of: write), to: output)
        }
        let refused = campaign.readSeeds()
        if !refused.isEmpty {
            print(
                "\(kind.rawValue): \(refused.count) of \(campaign.seeds.count) inputs are refused undamaged, the first: \(refused[0].message.prefix(300))"
            )
        }
        let counter = try progress.map { try Counter($0) }
        // A case that hangs is ended by the alarm signal.
        let tally = campaign.run(from..<from + count) { number in
            counter?.set(number)
            alarm(seconds)
        } after: { number, error in
            if list { print("\(number): \(error.map { "\($0.code): \($0.message.prefix(300))" } ?? "accepted")") }
        }
        alarm(0)
        print(report(kind, campaign, tally))
        let isGreedy = tally.grownBytes > memory << 20
        if isGreedy { print("  memory: grew by more than \(memory) MiB") }
        if !tally.offences.isEmpty || isGreedy { throw ExitCode(1) }
    }

    private func report(_ kind: InputKind, _ campaign: Campaign, _ tally: Campaign.Tally) -> String {
        let codes = tally.refused.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }
        var lines = [
            "\(kind.rawValue): \(count) cases from \(campaign.seeds.count) inputs, seed \(seed): accepted \(tally.accepted), "
                + codes.joined(separator: ", "),
            "  slowest \(Int(tally.slowest.seconds * 1000)) ms (case \(tally.slowest.case)), memory grew by \(tally.grownBytes >> 20) MiB "
                + "(\(tally.hungriest.bytes >> 20) MiB in case \(tally.hungriest.case))",
        ]
        for offence in tally.offences.prefix(20) { lines.append("  case \(offence.case): \(offence.message.prefix(400))") }
        if tally.offences.count > 20 { lines.append("  and \(tally.offences.count - 20) more") }
        return lines.joined(separator: "\n")
    }
}

/// A number in a file that is mapped: it is there also after a crash.
private final class Counter {
    private let memory: UnsafeMutableRawPointer

    init(_ path: String) throws(MaxError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0, ftruncate(descriptor, 32) == 0,
            let memory = mmap(nil, 32, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw MaxError(.io, "cannot write \(path)") }
        close(descriptor)
        self.memory = memory
    }

    deinit { munmap(memory, 32) }

    /// As decimal text and a line end.
    func set(_ number: Int) {
        var text = Array("\(number)\n".utf8)
        text += [UInt8](repeating: 0x20, count: 31 - min(text.count, 31)) + [0x0a]
        memory.copyMemory(from: text, byteCount: 32)
    }
}
