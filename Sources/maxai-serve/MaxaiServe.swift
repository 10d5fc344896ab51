import ArgumentParser
import Glibc
import MaxCommand
import MaxExpectations
import MaxIR
import MaxRegistry
import MaxRuntime
import MaxServing

@main
struct MaxaiServe: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "maxai-serve",
        abstract: "Serves bundles over HTTP.",
        discussion: """
            Speaks the Open Inference Protocol V2 (JSON and binary tensors), KServe V1 :predict and MLflow
            /invocations, with Prometheus metrics at /metrics. Every bundle's digests are checked and its golden rows
            replayed before the server says it is ready. SIGTERM and SIGINT drain it.

            With --registry it follows aliases: what they are moved to is verified, loaded and swapped in between two requests;
            what is revoked is dropped; what does not verify does not come, and the model before it stays.

            Examples:
              maxai-serve churn.maxb
              maxai-serve churn.maxb fraud.maxb --http 0.0.0.0:8080 --threads 4
              maxai-serve churn.maxb --trust release.pub --require-signature
              maxai-serve churn.maxb --expectations churn.expectations.json --expectations-mode warn
              maxai-serve fraud@prod --registry /srv/models --trust root.json
              maxai-serve check churn.maxb
            """,
        version: maxaiVersion, subcommands: [Run.self, Check.self], defaultSubcommand: Run.self)
}

/// Serves until it is told to stop.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve bundles (the default).")

    @Argument(help: "The bundles; with --registry, MODEL@ALIAS or MODEL@VERSION.") var bundles: [String]
    @Option(help: "The registry whose aliases are followed; --trust names its trust root then.") var registry: String?
    @Option(help: "Seconds between two looks at the registry.") var poll = 2.0
    @Option(help: "Where to listen; port 0 takes a free one.") var http = "127.0.0.1:8080"
    @Option(help: "Where to answer /metrics besides, say for a port that is not public.") var metrics: String?
    @OptionGroup var trust: TrustOptions
    @OptionGroup var expected: ExpectationOptions
    @Option(help: "Event loops (default: one per core).") var threads: Int?
    @Option(help: "Rows that one request may have.") var maximumRows = ServingLimits().rows
    @Option(help: "Bytes that one request body may have.") var maximumBody = ServingLimits().bodyBytes
    @Option(help: "Seconds that requests under way get when the server stops.") var drainTimeout = 30.0
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func validate() throws {
        guard (1...(1 << 24)).contains(maximumRows), (1...(1 << 31)).contains(maximumBody) else {
            throw ValidationError(
                "--maximum-rows \(maximumRows), --maximum-body \(maximumBody): expected 1 to 16777216 rows and 1 to 2147483648 bytes")
        }
        guard threads == nil || (1...256).contains(threads ?? 0) else {
            throw ValidationError("--threads \(threads ?? 0): expected 1 to 256")
        }
        guard (0.05...86400).contains(poll) else { throw ValidationError("--poll \(poll): expected 0.05 to 86400 seconds") }
        guard (0...3600).contains(drainTimeout) else { throw ValidationError("--drain-timeout \(drainTimeout): expected 0 to 3600") }
    }

    func run() throws {
        let start = monotonicSeconds()
        // Before any thread starts, so that all of them leave the signals to this one.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)

        let endpoint = try Endpoint(http)
        let metricsEndpoint = try metrics.map(Endpoint.init)
        var limits = ServingLimits()
        limits.rows = maximumRows
        limits.bodyBytes = maximumBody
        let follower = try follower()
        let service = try Service(serving: try models(follower), limits: limits, version: maxaiVersion)
        let server = try HTTPServer(service, threads: threads ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let port = try server.listen(host: endpoint.host, port: endpoint.port)
        if let metricsEndpoint { _ = try server.listen(host: metricsEndpoint.host, port: metricsEndpoint.port) }
        for model in service.models { log("serving \(model.name)@\(model.version), digest \(model.model.info.digest)") }
        log("listening on http://\(endpoint.host):\(port), ready after \(Int((monotonicSeconds() - start) * 1000)) ms")

        let received = wait(for: signals) { follower?.look(service) }
        log("signal \(received): draining")
        server.drain(seconds: drainTimeout)
        log("stopped")
    }

    private func follower() throws(MaxError) -> RegistryFollower? {
        guard let registry else { return nil }
        guard let root = trust.trust else { throw MaxError(.usage, "--registry: name its trust root with --trust") }
        return try RegistryFollower(registry: registry, trust: root, references: bundles, report: log)
    }

    private func models(_ follower: RegistryFollower?) throws(MaxError) -> [ServedModel] {
        if let follower {
            guard expected.expectations.isEmpty else { throw MaxError(.usage, "--expectations: goes with bundles, not with --registry") }
            return try follower.start()
        }
        let policy = try trust.policy()
        var models: [Model] = []
        for path in bundles { models.append(try policy.load(path: path)) }
        return try expected.served(models)
    }

    /// The signal that came; until then, `look` every `poll` seconds.
    private func wait(for signals: sigset_t, _ look: () -> Void) -> Int32 {
        var signals = signals
        while true {
            var pause = timespec(tv_sec: Int(poll), tv_nsec: Int((poll - poll.rounded(.down)) * 1e9))
            let received = sigtimedwait(&signals, nil, &pause)
            if received > 0 { return received }
            if errno == EAGAIN { look() }
        }
    }

    private func log(_ line: String) { if !quiet { printNote(line) } }
}

/// Loads everything that serving would, and says so.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check bundles as serving would, without serving.")
    @Argument(help: "The bundles.") var bundles: [String]
    @OptionGroup var trust: TrustOptions
    @OptionGroup var expected: ExpectationOptions

    func run() throws {
        let policy = try trust.policy()
        let service = try Service(
            serving: try expected.served(try bundles.map { path in try policy.load(path: path) }), version: maxaiVersion)
        for model in service.models { print("ok: \(model.name)@\(model.version), digest \(model.model.info.digest)") }
    }
}

/// Whose signatures a bundle must have.
struct TrustOptions: ParsableArguments {
    @Option(help: "A public key, or a folder of them: every bundle must be signed by one.") var trust: String?
    @Flag(help: "Refuse a bundle without a trusted signature (needs --trust).") var requireSignature = false

    func policy() throws(MaxError) -> TrustPolicy { try TrustPolicy(trustPath: trust, requireSignature: requireSignature) }
}

/// `host:port`, with an IPv6 address in brackets.
struct Endpoint {
    let host: String
    let port: Int

    init(_ text: String) throws(MaxError) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port),
            colon != text.startIndex
        else {
            throw MaxError(.usage, "address '\(text)': expected HOST:PORT")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self.host = String(host)
        self.port = port
    }
}
