import ArgumentParser
import Glibc
import MaxCommand
import MaxFormats
import MaxIR
import MaxRuntime
import MaxTransport

/// Moves an image layout to and from registries and stores: what peers/transport.py drives.
@main
struct Transport: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "transport", abstract: "Moves blobs of an OCI image layout; prints JSON.",
        subcommands: [Push.self, Pull.self, Tags.self, Referrers.self])
}

struct ConnectionOptions: ParsableArguments {
    @Option(help: "Seconds that a silent server is waited for.") var timeout = 60
    @Flag(help: "Allow http with other machines.") var plainHTTP = false
    @Flag(help: "Use https with this machine too.") var encrypted = false

    func registry(_ address: String) throws -> (OCIRegistry, OCIReference) {
        let reference = try OCIReference(address)
        let client = try HTTPClient(times: HTTPTimes(seconds: timeout), plainHTTP: plainHTTP)
        let credentials = try Credentials.find(host: reference.port.map { "\(reference.host):\($0)" } ?? reference.host)
        return (OCIRegistry(reference, client: client, encrypted: encrypted ? true : nil, credentials: credentials), reference)
    }
}

struct Push: ParsableCommand {
    @Argument var layout: String
    @Argument(help: "The manifest's digest.") var digest: String
    @Argument(help: "oci://host/repository:tag") var address: String
    @Option(help: "Digests of manifests whose subject it is.") var referrer: [String] = []
    @Option(help: "Size of a piece of a large blob.") var chunk: Int64?
    @Flag(help: "Let the tag leave another manifest.") var move = false
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let root = try ContentDigest(digest)
        let referrers = try referrer.map { text throws(MaxError) in try ContentDigest(text) }
        let (registry, reference) = try connection.registry(address)
        if let chunk { registry.chunkBytes = chunk }
        let tag: String? = if case .tag(let tag)? = reference.version { tag } else { nil }
        let counter = Counter()
        let result = try registry.push(
            root, referrers: referrers, from: ImageLayout(path: layout), tag: tag, movesTag: move, progress: counter.report)
        printResult(result, counter)
    }
}

struct Pull: ParsableCommand {
    @Argument(help: "oci://host/repository:tag or @sha256:…") var address: String
    @Argument(help: "The folder to fill.") var layout: String
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let (registry, reference) = try connection.registry(address)
        guard let version = reference.version else { throw MaxError(.usage, "\(address): expected a tag or digest") }
        let counter = Counter()
        let result = try registry.pull(version, into: try ImageLayout.create(path: layout), progress: counter.report)
        printResult(result, counter)
    }
}

struct Tags: ParsableCommand {
    @Argument(help: "oci://host/repository") var address: String
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        for tag in try connection.registry(address).0.tags() { print(tag) }
    }
}

struct Referrers: ParsableCommand {
    @Argument(help: "oci://host/repository@sha256:…") var address: String
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let (registry, reference) = try connection.registry(address)
        guard case .digest(let digest)? = reference.version else { throw MaxError(.usage, "\(address): expected a digest") }
        for referrer in try registry.referrers(of: digest) { print(referrer.digest) }
    }
}

final class Counter {
    private(set) var done: UInt64 = 0
    private(set) var total: UInt64 = 0

    func report(_ done: UInt64, _ total: UInt64) { (self.done, self.total) = (done, total) }
}

func printResult(_ result: Transferred, _ counter: Counter) {
    var json = JSONWriter()
    json.object { json in
        json.member("manifest", result.manifest.digest.text)
        json.member("referrers", array: { json in for referrer in result.referrers { json.value(referrer.digest.text) } })
        json.member("done", counter.done)
        json.member("total", counter.total)
    }
    print(String(decoding: json.bytes, as: UTF8.self))
}
