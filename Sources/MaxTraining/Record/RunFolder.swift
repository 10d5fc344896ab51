import Glibc
import MaxEvaluation
import MaxFormats
import MaxIR
import MaxRuntime
import MaxSettings

/// A folder that says everything about one run. It takes its name whole or not at all.
public struct RunFolder {
    public struct Source {
        /// As it was named.
        public var location: String
        /// nil where it is no local file.
        public var bytes: Int?
        public var sha256: String?
    }

    /// What the folder holds beside the model.
    public struct Notes {
        public var recipe: String
        public var overrides: [String: SettingValue]
        public var seed: UInt64
        public var threads: Int
        public var seconds: Double
        public var producer: String
        public var log: [String]
        public var report: String?

        public init(
            recipe: String, overrides: [String: SettingValue], seed: UInt64, threads: Int, seconds: Double, producer: String, log: [String],
            report: String?
        ) {
            self.recipe = recipe
            self.overrides = overrides
            self.seed = seed
            self.threads = threads
            self.seconds = seconds
            self.producer = producer
            self.log = log
            self.report = report
        }
    }

    /// - Throws: `.conflict` when there is something of that name; `.io` when it cannot be written.
    public static func write(_ path: String, _ model: TrainedModel, bytes: [UInt8], sources: [Source], _ notes: Notes) throws(MaxError) {
        try check(path)
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try makeFolders(parent)
        let temporary = "\(path).\(getpid()).tmp"
        guard mkdir(temporary, 0o755) == 0 else { throw failure("cannot make", temporary) }
        do throws(MaxError) {
            func put(_ name: String, _ bytes: [UInt8]) throws(MaxError) { try AtomicFile.write(bytes, to: "\(temporary)/\(name)") }
            try put("recipe.yaml", Array(notes.recipe.utf8))
            try put("run.json", runJSON(sources, notes))
            try put("checks.json", model.report.json)
            try put("expectations.json", model.expectations.json)
            if let evaluation = model.evaluation { try put("evaluation.json", evaluation.json) }
            if let evaluation = model.testEvaluation { try put("test.json", evaluation.json) }
            try put("model.maxir", bytes)
            if let report = notes.report { try put("report.html", Array(report.utf8)) }
            try put("log.txt", Array((notes.log.joined(separator: "\n") + "\n").utf8))
            guard rename(temporary, path) == 0 else { throw failure("cannot name", path) }
        } catch {
            remove(temporary)
            throw error
        }
    }

    /// - Throws: `.conflict` when there is something at `path`.
    public static func check(_ path: String) throws(MaxError) {
        if access(path, F_OK) == 0 {
            throw MaxError(.conflict, "\(path): the folder of the run is there already: name another with --run-folder")
        }
    }

    /// Names, sizes and digests of the local files among `locations`.
    public static func sources(_ locations: [String]) -> [Source] {
        locations.map { location in
            var status = stat()
            guard stat(location, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                let file = try? FileBytes(path: location, limit: 1 << 40)
            else {
                return Source(location: location, bytes: nil, sha256: nil)
            }
            return Source(location: location, bytes: file.count, sha256: file.withBytes { SHA256.hash($0) }.hex)
        }
    }

    private static func runJSON(_ sources: [Source], _ notes: Notes) -> [UInt8] {
        var out = JSONWriter()
        out.object { out in
            out.member("producer", notes.producer)
            out.member("seed", notes.seed)
            out.member("threads", notes.threads)
            out.member("seconds", (notes.seconds * 1000).rounded() / 1000)
            out.member(
                "settings",
                object: { out in
                    for (name, value) in notes.overrides.sorted(by: { $0.key < $1.key }) {
                        out.key(name)
                        value.write(to: &out)
                    }
                })
            out.member(
                "sources",
                array: { out in
                    for source in sources {
                        out.object {
                            $0.member("location", source.location)
                            if let bytes = source.bytes { $0.member("bytes", bytes) }
                            if let digest = source.sha256 { $0.member("sha256", digest) }
                        }
                    }
                })
        }
        return out.bytes
    }

    private static func makeFolders(_ path: String) throws(MaxError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw failure("cannot make", made) }
        }
    }

    private static func remove(_ folder: String) {
        for name in [
            "recipe.yaml", "run.json", "checks.json", "expectations.json", "evaluation.json", "test.json", "model.maxir", "report.html",
            "log.txt",
        ] {
            unlink("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    private static func failure(_ action: String, _ path: String) -> MaxError {
        MaxError(.io, "\(action) \(path): \(String(cString: strerror(errno)))")
    }
}
