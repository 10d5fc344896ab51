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
        subcommands: [Push.self, Pull.self, Tags.self, Referrers.self, MLflow.self])
}

struct ConnectionOptions: ParsableArguments {
    @Option(help: "Seconds that a silent server is waited for.") var timeout = 60
    @Flag(help: "Allow http with other machines.") var plainHTTP = false
    @Flag(help: "Use https with this machine too.") var encrypted = false

    func client() throws -> HTTPClient { try HTTPClient(times: HTTPTimes(seconds: timeout), plainHTTP: plainHTTP) }

    func store(_ address: String) throws -> S3Store { try S3Store(environmentFor: try S3Address(address), client: try client()) }

    func registry(_ address: String) throws -> (OCIRegistry, OCIReference) {
        let reference = try OCIReference(address)
        return (try OCIRegistry(environmentFor: reference, client: try client(), encrypted: encrypted ? true : nil), reference)
    }
}

struct Push: ParsableCommand {
    @Argument var layout: String
    @Argument(help: "The manifest's digest.") var digest: String
    @Argument(help: "oci://host/repository:tag, or s3://bucket/prefix with --tag.") var address: String
    @Option(help: "The tag of a store.") var tag: String?
    @Option(help: "Digests of manifests whose subject it is.") var referrer: [String] = []
    @Option(help: "Size of a piece of a large blob.") var chunk: Int64?
    @Flag(help: "Let the tag leave another manifest.") var move = false
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let root = try ContentDigest(digest)
        let referrers = try referrer.map { text throws(MaxError) in try ContentDigest(text) }
        let (counter, layout) = (Counter(), ImageLayout(path: layout))
        if address.hasPrefix("s3:") {
            let store = try connection.store(address)
            let result = try store.push(
                root, referrers: referrers, from: layout, tag: tag, movesTag: move, progress: counter.report)
            return printResult(result, counter)
        }
        let (registry, reference) = try connection.registry(address)
        if let chunk { registry.chunkBytes = chunk }
        let tag: String? = if case .tag(let tag)? = reference.version { tag } else { nil }
        let result = try registry.push(root, referrers: referrers, from: layout, tag: tag, movesTag: move, progress: counter.report)
        printResult(result, counter)
    }
}

struct Pull: ParsableCommand {
    @Argument(help: "oci://host/repository:tag or @sha256:…, or s3://bucket/prefix with --tag or --digest.") var address: String
    @Argument(help: "The folder to fill.") var layout: String
    @Option(help: "The tag of a store.") var tag: String?
    @Option(help: "The digest in a store.") var digest: String?
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let counter = Counter()
        if address.hasPrefix("s3:") {
            let version: OCIReference.Version = try digest.map { .digest(try ContentDigest($0)) } ?? .tag(tag ?? "")
            let store = try connection.store(address)
            return printResult(try store.pull(version, into: try ImageLayout.create(path: layout), progress: counter.report), counter)
        }
        let (registry, reference) = try connection.registry(address)
        guard let version = reference.version else { throw MaxError(.usage, "\(address): expected a tag or digest") }
        let result = try registry.pull(version, into: try ImageLayout.create(path: layout), progress: counter.report)
        printResult(result, counter)
    }
}

struct Tags: ParsableCommand {
    @Argument(help: "oci://host/repository or s3://bucket/prefix") var address: String
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let tags = address.hasPrefix("s3:") ? try connection.store(address).tags() : try connection.registry(address).0.tags()
        for tag in tags { print(tag) }
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

struct MLflow: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "mlflow")
    @Argument(help: "http://host:port") var url: String
    @Argument(help: "The model's name.") var model: String
    @Argument(help: "Where the bytes are.") var source: String
    @Argument var digest: String
    @Argument(help: "Our name of the version.") var version: String
    @Option var verdict: String?
    @Option(help: "An alias to point to it.") var alias: String?
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let bridge = try MLflowBridge(url: url, client: try connection.client())
        let number = try bridge.register(
            MLflowBridge.Version(model: model, source: source, digest: try ContentDigest(digest), version: version, verdict: verdict))
        if let alias { try bridge.setAlias(model, alias, number) }
        print(number)
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
