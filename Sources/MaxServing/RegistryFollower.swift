import Glibc
import MaxIR
import MaxRegistry
import MaxRuntime
import Synchronization

/// What a server knows of the registry that it follows, for metrics.
struct FollowingStatus: Sendable {
    /// The number of each alias's pointer, as served.
    var sequences: [(alias: String, sequence: Int64)] = []
    var swaps = 0
    var failures = 0
    /// Seconds since 1970 of the last look that succeeded.
    var lastSuccess = 0.0
}

/// Keeps what a server offers in step with aliases of a registry: verifies a pointer that moved, loads its bundle, replays its
/// golden rows, and swaps between two requests.
///
/// What is revoked goes at once. What does not verify does not come: the old model stays, and `report` says why, once.
public final class RegistryFollower {
    private struct Followed {
        let reference: ModelReference
        var manifest: BlobDigest?
        var sequence: Int64 = 0
        var served: ServedModel?
        var complaint: String?
    }

    private let registry: Registry
    private let pinned: TrustRoot
    private var state: ClientState?
    private var followed: [Followed]
    private let report: (String) -> Void
    private var status = FollowingStatus()

    /// - Parameters:
    ///   - references: `MODEL@ALIAS`, or versions, which never move.
    ///   - trust: the file of a root that was obtained by a trusted way.
    ///   - report: takes a line for the log.
    public init(registry path: String, trust: String, references: [String], report: @escaping (String) -> Void) throws(MaxError) {
        registry = try Registry(path: path)
        pinned = try TrustRoot.first(try FileBytes(path: trust, limit: 4 << 20).array, place: trust)
        followed = []
        for text in references { followed.append(Followed(reference: try ModelReference(text))) }
        self.report = report
    }

    /// Verifies and loads all of them, to begin with.
    ///
    /// - Throws: the first failure: a server that cannot have what it was told to offer does not start.
    public func start() throws(MaxError) -> [ServedModel] {
        var models: [ServedModel] = []
        for index in followed.indices {
            let verified = try verify(followed[index].reference)
            models.append(try load(verified, index))
        }
        return models
    }

    /// Looks once, and changes what `service` offers.
    public func look(_ service: Service) {
        var isWell = dropRevoked(service)
        for index in followed.indices {
            do throws(MaxError) {
                let verified = try verify(followed[index].reference)
                guard verified.resolved.manifest != followed[index].manifest || followed[index].served == nil else {
                    followed[index].sequence = verified.pointer?.sequence ?? 0
                    followed[index].complaint = nil
                    continue
                }
                let old = followed[index].served
                let new = try load(verified, index)
                service.replace(old, with: new)
                status.swaps += 1
                report("\(followed[index].reference.text) is \(verified.resolved.version) now, digest \(new.model.info.digest)")
            } catch {
                isWell = false
                status.failures += 1
                complain(index, error)
            }
        }
        if isWell { status.lastSuccess = Self.seconds() }
        publish(service)
    }

    /// Whether the registry's word on it could be read.
    private func dropRevoked(_ service: Service) -> Bool {
        guard let trust = try? registry.trust(pinned: pinned), state?.accepts(trust) ?? true else { return false }
        for index in followed.indices {
            guard let served = followed[index].served, let manifest = followed[index].manifest,
                let entry = trust.revocations.entry(artifact: manifest)
            else { continue }
            service.replace(served, with: nil)
            followed[index].served = nil
            followed[index].manifest = nil
            report(
                "\(followed[index].reference.text): \(served.version) was revoked at \(entry.time.text), no longer served: \(entry.reason.string)"
            )
        }
        return true
    }

    private func verify(_ reference: ModelReference) throws(MaxError) -> VerifiedVersion {
        var checks = Verification()
        do {
            return try registry.verify(reference, pinned: pinned, state: &state, checks: &checks)
        } catch {
            throw error.message.contains(reference.text) ? error : error.inside(reference.text)
        }
    }

    private func load(_ verified: VerifiedVersion, _ index: Int) throws(MaxError) -> ServedModel {
        // The bytes that were verified are the bytes that are loaded.
        let served = ServedModel(try Model.load(verified.bundle), version: verified.resolved.version)
        followed[index].served = served
        followed[index].manifest = verified.resolved.manifest
        followed[index].sequence = verified.pointer?.sequence ?? 0
        followed[index].complaint = nil
        return served
    }

    private func complain(_ index: Int, _ error: MaxError) {
        guard followed[index].complaint != error.message else { return }
        followed[index].complaint = error.message
        let kept = followed[index].served.map { "; \($0.version) stays" } ?? "; nothing is served in its place"
        report("\(error.message)\(kept)")
    }

    func publish(_ service: Service) {
        status.sequences = followed.map { ($0.reference.text, $0.sequence) }
        let status = status
        service.following.withLock { $0 = status }
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

extension ClientState {
    /// Whether `trust` is no older than what was seen.
    fileprivate func accepts(_ trust: Trust) -> Bool {
        var copy = self
        return (try? copy.see(trust)) != nil
    }
}
