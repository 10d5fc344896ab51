import MaxIR

/// What a person names: `fraud@1.2`, `fraud@prod` or `fraud@sha256:…`.
package struct ModelReference: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        /// A version or an alias.
        case name(String)
        case manifest(BlobDigest)
    }

    package var model: String
    package var target: Target

    package init(model: String, target: Target) {
        self.model = model
        self.target = target
    }

    /// - Throws: `.usage`.
    package init(_ text: String) throws(MaxError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, Text(parts[0]).isModelName else {
            throw MaxError(.usage, "\(Text(text).quoted): expected MODEL@VERSION, MODEL@ALIAS or MODEL@sha256:…")
        }
        model = parts[0]
        if parts[1].hasPrefix("sha256:") {
            target = .manifest(try BlobDigest(Text(parts[1])))
        } else {
            guard Text(parts[1]).isModelName else {
                throw MaxError(.usage, "\(Text(text).quoted): expected 1 to 128 of A-Z a-z 0-9 . _ - after the @")
            }
            target = .name(parts[1])
        }
    }

    package var text: String {
        switch target {
        case .name(let name): "\(model)@\(name)"
        case .manifest(let digest): "\(model)@\(digest.name)"
        }
    }
}
