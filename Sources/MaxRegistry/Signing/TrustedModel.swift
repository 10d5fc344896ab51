import MaxIR
import MaxRuntime

/// Which signatures a model must have before it is loaded.
public struct TrustPolicy: Sendable {
    /// Keys that are trusted; nil when none was named.
    public var trust: TrustStore?
    /// Whether a bundle without a signature is refused.
    public var requiresSignature: Bool

    public init(trust: TrustStore? = nil, requiresSignature: Bool = false) {
        self.trust = trust
        self.requiresSignature = requiresSignature
    }

    /// From the options of a command: with keys to trust, a signature is required.
    public init(trustPath: String?, requireSignature: Bool) throws(MaxError) {
        guard trustPath != nil || !requireSignature else {
            throw MaxError(.usage, "--require-signature: name the keys to trust with --trust")
        }
        trust = try trustPath.map { path throws(MaxError) in try TrustStore(path: path) }
        requiresSignature = trustPath != nil
    }

    /// Loads a bundle: the bytes whose signature is checked are the bytes that run.
    public func load(path: String) throws(MaxError) -> Model {
        let bundle = try Bundle(path: path)
        do throws(MaxError) {
            if let trust { _ = try ModelSignature.verify(embeddedIn: bundle, trust: trust) }
            return try Model.load(bundle)
        } catch {
            throw error.inside(path)
        }
    }
}
