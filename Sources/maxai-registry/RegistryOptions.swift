import ArgumentParser
import Glibc
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

/// Which registry, and whom to believe.
struct RegistryOptions: ParsableArguments {
    @Option(help: "The registry's directory; MAXAI_REGISTRY when not given.") var registry: String?

    func opened() throws(MaxError) -> Registry { try Registry(path: try path()) }

    func path() throws(MaxError) -> String {
        if let registry { return registry }
        guard let value = getenv("MAXAI_REGISTRY") else {
            throw MaxError(.usage, "name the registry with --registry, or set MAXAI_REGISTRY")
        }
        return String(cString: value)
    }
}

/// The trust root that a client was given, and what it has seen of the registry since.
struct TrustOptions: ParsableArguments {
    @Option(help: "The trust root that you were given, a file; MAXAI_TRUST when not given.") var trust: String?
    @Option(
        help:
            "The file that remembers what was seen of the registry, so that nobody shows you less later; default: one per registry in ~/.local/state/maxai."
    ) var state: String?
    @Flag(help: "Remember nothing, and compare with nothing.") var noState = false

    func pinned() throws(MaxError) -> TrustRoot {
        guard let path = trust ?? getenv("MAXAI_TRUST").map({ String(cString: $0) }) else {
            throw MaxError(.usage, "name the trust root that you were given with --trust, or set MAXAI_TRUST")
        }
        return try TrustRoot.first(try FileBytes(path: path, limit: 4 << 20).array, place: path)
    }

    /// The registry's trust: led back to the root given, or, without one, the registry's own word.
    func trust(of registry: Registry) throws(MaxError) -> Trust {
        guard trust != nil || getenv("MAXAI_TRUST") != nil else { return try registry.trust() }
        return try registry.trust(pinned: try pinned())
    }

    func statePath(_ registry: Registry) -> String? {
        if noState { return nil }
        if let state { return state }
        let base = getenv("XDG_STATE_HOME").map { String(cString: $0) } ?? getenv("HOME").map { "\(String(cString: $0))/.local/state" }
        return base.map { "\($0)/maxai/\(BlobDigest(of: registry.origin.utf8).hex.prefix(16)).json" }
    }

    func loadState(_ path: String?) throws(MaxError) -> ClientState? {
        guard let path, access(path, F_OK) == 0 else { return nil }
        return try ClientState(try FileBytes(path: path, limit: 4 << 20).array, place: path)
    }

    func save(_ state: ClientState?, to path: String?) throws(MaxError) {
        guard let path, let state else { return }
        var folder = ""
        for component in path.split(separator: "/", omittingEmptySubsequences: false).dropLast() {
            folder += "\(component)/"
            mkdir(folder, 0o700)
        }
        try AtomicFile.write(state.bytes, to: path, mode: 0o600)
    }
}

/// How a command that reports says it.
struct OutputOptions: ParsableArguments {
    @Flag(help: "As JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func write(_ text: String, _ body: (inout JSONWriter) throws -> Void) rethrows {
        if json {
            var out = JSONWriter()
            try out.object(body)
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print(text)
        }
    }
}

/// What gates came to.
struct ReportOptions: ParsableArguments {
    @Option(help: "\(ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")).") var format: ReportFormat = .text
    @Option(name: .shortAndLong, help: "Write the report to this file; a line for people goes to standard output.") var output: String?
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func write(_ report: GateReport, summary: String) throws(MaxError) {
        let bytes = format.render(report)
        if let output {
            try AtomicFile.write(bytes, to: output)
            if !quiet { print(summary) }
        } else if !quiet {
            print(String(decoding: bytes, as: UTF8.self), terminator: bytes.last == UInt8(ascii: "\n") ? "" : "\n")
        }
    }
}

extension ReportFormat: ExpressibleByArgument {}

/// A period such as P30D, or a time such as 2026-11-27T16:00:00Z.
func expiry(_ text: String, _ option: String) throws(MaxError) -> Timestamp {
    do {
        return text.hasPrefix("P") ? Timestamp.now.adding(try Period(Text(text)).seconds) : try Timestamp(Text(text))
    } catch {
        throw MaxError(.usage, "\(option): \(error.message)")
    }
}
