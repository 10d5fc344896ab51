import ArgumentParser
import Glibc
import MaxCommand
import MaxIR
import MaxRegistry
import MaxRuntime
import MaxTransport

/// How other registries and stores are spoken to.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "Seconds that a silent server is waited for.") var timeout = 60
    @Flag(help: "Allow http with other machines than this one.") var plainHTTP = false

    func client() throws(MaxError) -> HTTPClient {
        guard (1...86400).contains(timeout) else { throw MaxError(.usage, "--timeout \(timeout): expected 1 to 86400 seconds") }
        return try HTTPClient(times: HTTPTimes(seconds: timeout), plainHTTP: plainHTTP)
    }
}

struct Upload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy a version with its signatures to an OCI registry or an S3-compatible store.",
        discussion: """
            The version is an artifact of the CNCF ModelPack specification; signatures and evidence refer to it, as image
            registries have it. Credentials: ~/.docker/config.json or MAXAI_REGISTRY_USER and MAXAI_REGISTRY_PASSWORD; AWS_*.

            Examples:
              maxai-registry upload fraud@prod oci://registry.example.org/models/fraud:1.2
              maxai-registry upload fraud@prod s3://models/fraud --tag 1.2
            """)

    @Argument(help: "MODEL@VERSION or MODEL@ALIAS.") var version: String
    @Argument(help: "oci://HOST/REPOSITORY[:TAG] or s3://BUCKET/PREFIX.") var address: String
    @Option(help: "The tag; default: the version.") var tag: String?
    @Flag(help: "Let the tag leave another version.") var move = false
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let resolved = try opened.resolve(try ModelReference(version))
        let sharing = try opened.sharing()
        defer { withExtendedLifetime(sharing) {} }
        let referrers = try opened.statementManifests(of: resolved, trust: try trusting.trust(of: opened)).map {
            try ContentDigest($0.name)
        }
        let root = try ContentDigest(resolved.manifest.name)
        let layout = ImageLayout(path: opened.folder.path)
        let line = TransferLine(quiet: output.quiet)
        let sent: Transferred
        if address.hasPrefix("s3:") {
            let store = try S3Store(environmentFor: try S3Address(address), client: try connection.client())
            sent = try store.push(
                root, referrers: referrers, from: layout, tag: tag ?? resolved.version, movesTag: move, progress: line.show)
        } else {
            let reference = try OCIReference(address)
            let named: String? = if case .tag(let tag)? = reference.version { tag } else { nil }
            let there = try OCIRegistry(environmentFor: reference, client: try connection.client())
            sent = try there.push(
                root, referrers: referrers, from: layout, tag: named ?? tag ?? resolved.version, movesTag: move, progress: line.show)
        }
        line.finish()
        output.write("\(resolved.text): \(sent.manifest.digest) and \(sent.referrers.count) signatures are at \(address)") { json in
            json.member("version", resolved.text)
            json.member("manifest", sent.manifest.digest.text)
            json.member("address", address)
            json.member("referrers", array: { json in for referrer in sent.referrers { json.value(referrer.digest.text) } })
        }
    }
}

struct Download: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a version from an OCI registry or store, verify it, and write its bundle.",
        discussion: """
            Verified is that builders of the trust root signed the model and that it was pushed. Aliases, revocations and the log
            live in a registry's directory: copy that to verify them too.

            Example:
              maxai-registry download oci://registry.example.org/models/fraud:1.2 -o fraud.maxb --trust root.json
            """)

    @Argument(help: "oci://HOST/REPOSITORY:TAG, …@sha256:…, or s3://BUCKET/PREFIX with --tag.") var address: String
    @Option(name: .shortAndLong, help: "The file to write.") var output: String
    @Option(help: "The tag in a store.") var tag: String?
    @OptionGroup var trusting: TrustOptions
    @OptionGroup var connection: ConnectionOptions
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func run() throws {
        let trust = Trust(root: try trusting.pinned(), revocations: .none)
        try trust.checkNotExpired(at: .now)
        let staging = "\(output).\(getpid()).part"
        defer { Self.removeTree(staging) }
        let layout = try ImageLayout.create(path: staging)
        let line = TransferLine(quiet: quiet)
        let received: Transferred
        if address.hasPrefix("s3:") {
            guard let tag else { throw MaxError(.usage, "\(address): name the version with --tag") }
            let store = try S3Store(environmentFor: try S3Address(address), client: try connection.client())
            received = try store.pull(.tag(tag), into: layout, progress: line.show)
        } else {
            let reference = try OCIReference(address)
            guard let version = reference.version else { throw MaxError(.usage, "\(address): expected a tag or a digest") }
            let there = try OCIRegistry(environmentFor: reference, client: try connection.client())
            received = try there.pull(version, into: layout, progress: line.show)
        }
        line.finish()
        let blobs = BlobStore(folder: try Folder(path: staging))
        var statements: [[UInt8]] = []
        for referrer in received.referrers {
            for layer in try layout.manifest(referrer.digest).layers where layer.size <= 4 << 20 {
                statements.append(try blobs.read(try BlobDigest(Text(layer.digest.text)), limit: 4 << 20))
            }
        }
        let manifestBytes = try layout.manifest(received.manifest.digest).bytes
        let manifest = try ModelManifest(manifestBytes)
        let file = try FileBytes(path: blobs.location(manifest.bundle.digest))
        let digest = try BlobDigest(Text("sha256:\(file.withBytes { SHA256.hash($0) }.hex)"))
        let (_, signers) = try Registry.verifyReceived(
            manifestBytes, bundle: try Bundle(file), bundleDigest: digest, statements: statements, trust: trust)
        try AtomicFile.write(file.array, to: output)
        if !quiet {
            print(
                "\(output): \(manifest.model)@\(manifest.version), \(digest.name), signed by \(signers.map { trust.name(of: $0) }.joined(separator: ", "))"
            )
        }
    }

    private static func removeTree(_ path: String) {
        for folder in ["\(path)/blobs/sha256", "\(path)/blobs", path] {
            guard let stream = opendir(folder) else { continue }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(folder)/\(name)")
            }
            closedir(stream)
            rmdir(folder)
        }
    }
}

struct MLflow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mlflow", abstract: "Tell an MLflow server what an alias stands for.",
        discussion: """
            Registers the version there, with our digest as a tag, and moves the alias of the same name.

            Example:
              maxai-registry mlflow fraud@prod --url http://127.0.0.1:5000 --source oci://registry.example.org/models/fraud:1.2
            """)

    @Argument(help: "MODEL@ALIAS, or MODEL@VERSION without an alias.") var version: String
    @Option(help: "The server.") var url: String
    @Option(help: "Where the bytes are; default: the registry's directory.") var source: String?
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try registry.opened()
        let reference = try ModelReference(version)
        let resolved = try opened.resolve(reference)
        let manifest = try opened.manifest(resolved.manifest)
        let bridge = try MLflowBridge(url: url, client: try connection.client())
        let number = try bridge.register(
            MLflowBridge.Version(
                model: resolved.model, source: source ?? opened.blobs.location(manifest.bundle.digest),
                digest: try ContentDigest(resolved.manifest.name), version: resolved.version,
                verdict: resolved.pointer == nil ? nil : "passed"))
        var alias: String?
        if resolved.pointer != nil, case .name(let name) = reference.target {
            try bridge.setAlias(resolved.model, name, number)
            alias = name
        }
        output.write("\(resolved.text): version \(number) of \(resolved.model) in MLflow\(alias.map { ", alias \($0)" } ?? "")") { json in
            json.member("version", resolved.text)
            json.member("mlflowVersion", "\(number)")
            if let alias { json.member("alias", alias) }
        }
    }
}

/// Bytes done, on a terminal.
final class TransferLine {
    private var line: ProgressLine
    init(quiet: Bool) { line = ProgressLine(quiet: quiet) }
    func show(_ done: UInt64, _ total: UInt64) { line.show("\(done) of \(total) bytes") }
    func finish() { line.finish() }
}
