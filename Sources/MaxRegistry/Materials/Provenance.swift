import MaxFormats
import MaxIR
import MaxRuntime

/// How a bundle was built, as the predicate of SLSA provenance v1 (`https://slsa.dev/provenance/v1`).
public enum Provenance {
    /// What `buildType` says: a model compiled or trained into a bundle.
    public static let buildType = "urn:maxai:build:v1"

    /// - Parameters:
    ///   - builderID: the URI of who ran the build.
    ///   - startedOn: RFC 3339; left out where nobody measured it.
    ///   - externalParameters: what the builder was told, by name, in the order given.
    /// - Throws: `.usage` when `builderID` is no URI; `.malformed` for a provenance section that is no JSON.
    public static func slsa(
        of bundle: Bundle, builderID: String, startedOn: String? = nil, finishedOn: String? = nil,
        externalParameters: [(name: String, value: String)] = []
    ) throws(MaxError) -> [UInt8] {
        guard builderID.utf8.contains(UInt8(ascii: ":")), builderID.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw MaxError(.usage, "builder: \(Text(builderID).quoted), expected a URI")
        }
        var seen = Set<Text>(["model", "version"])
        for (name, _) in externalParameters where !seen.insert(Text(name)).inserted {
            throw MaxError(.usage, "external parameters: \(Text(name).quoted) is given twice")
        }
        let sources = try BundleSources(bundle)
        var json = JSONWriter()
        json.object { json in
            json.member("buildDefinition", object: { definition(bundle, sources, externalParameters, &$0) })
            json.member(
                "runDetails",
                object: { json in
                    json.member(
                        "builder",
                        object: { json in
                            json.member("id", builderID)
                            json.member(
                                "version",
                                object: { json in
                                    for part in sources.parts where part.kind == .application {
                                        json.member(part.name, part.version ?? "unknown")
                                    }
                                })
                        })
                    guard startedOn != nil || finishedOn != nil else { return }
                    json.member(
                        "metadata",
                        object: { json in
                            if let startedOn { json.member("startedOn", startedOn) }
                            if let finishedOn { json.member("finishedOn", finishedOn) }
                        })
                })
        }
        return json.bytes
    }

    private static func definition(
        _ bundle: Bundle, _ sources: BundleSources, _ parameters: [(name: String, value: String)], _ json: inout JSONWriter
    ) {
        json.member("buildType", buildType)
        json.member(
            "externalParameters",
            object: { json in
                json.member("model", bundle.info.name.string)
                json.member("version", bundle.info.version.string)
                for (name, value) in parameters { json.member(name, value) }
            })
        json.member(
            "resolvedDependencies",
            array: { json in
                for part in sources.parts {
                    guard let digest = part.digest else { continue }
                    json.object { json in
                        json.member("name", part.name)
                        json.member("digest", object: { $0.member("sha256", digest) })
                    }
                }
            })
    }
}
