import MaxFormats
import MaxIR
import MaxRuntime

/// What OpenSSF Model Signing 1.0 signs: an in-toto statement that lists the files of a model with their digests.
///
/// Source: ossf/model-signing-spec, v1.0; in-toto Statement v1.
struct Statement: Equatable {
    static let type = "https://in-toto.io/Statement/v1"
    static let predicateType = "https://model_signing/signature/v1.0"
    static let payloadType = "application/vnd.in-toto+json"
    static let maximumResources = 1_000_000

    /// The name of the model; informational.
    var subject: Text
    var resources: [Resource]
    /// Bytes of a piece, where files are hashed in pieces that are resources of their own; nil where files are resources.
    var shardBytes: Int?
    var hash = ContentHash.sha256
    /// What was left out of the model: relative paths; a folder's stands for all that is in it.
    var ignoredPaths: [Text] = []

    struct Resource: Equatable {
        var name: Text
        /// Lowercase hexadecimal.
        var digest: String
    }

    /// SHA-256 over the concatenated digests, in the listed order, whatever hash the resources have.
    var root: String {
        let digest = SHA256()
        for resource in resources { digest.update(Hexadecimal.bytes(resource.digest) ?? []) }
        return digest.finish().hex
    }

    init(subject: Text, resources: [Resource], ignoredPaths: [Text] = []) {
        self.subject = subject
        self.resources = resources
        self.ignoredPaths = ignoredPaths
    }

    /// Compact JSON in a fixed order of members: equal statements are equal bytes. Files are written, never shards.
    var payload: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("_type", Self.type)
            json.member(
                "subject",
                array: { json in
                    json.object { json in
                        json.key("name")
                        json.value(subject)
                        json.member("digest", object: { $0.member("sha256", root) })
                    }
                })
            json.member("predicateType", Self.predicateType)
            json.member(
                "predicate",
                object: { json in
                    json.member(
                        "resources",
                        array: { json in
                            for resource in resources {
                                json.object { json in
                                    json.key("name")
                                    json.value(resource.name)
                                    json.member("digest", resource.digest)
                                    json.member("algorithm", hash.rawValue)
                                }
                            }
                        })
                    json.member(
                        "serialization",
                        object: { json in
                            json.member("method", "files")
                            json.member("hash_type", hash.rawValue)
                            json.member("allow_symlinks", false)
                            json.member("ignore_paths", array: { json in for path in ignoredPaths { json.value(path) } })
                        })
                })
        }
        return json.bytes
    }
}
