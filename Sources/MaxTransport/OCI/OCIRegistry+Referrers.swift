import Glibc
import MaxFormats
import MaxIR

extension OCIRegistry {
    private static let maximumReferrers = 10_000
    private static let attempts = 32

    /// What says something of the manifest `subject`, as the registry lists it: not yet held against the manifests.
    ///
    /// Asks the referrers API, and without one the index under the tag `sha256-<hex>`.
    package func referrers(of subject: ContentDigest) throws(MaxError) -> [Descriptor] {
        var found: [Descriptor] = []
        let isKnown = try eachPage("referrers/\(subject)", accept: MediaType.index.string) { document throws(MaxError) in
            found += try Self.descriptors(document)
            guard found.count <= Self.maximumReferrers else {
                throw MaxError(.limitExceeded, "more than \(Self.maximumReferrers) referrers")
            }
        }
        return isKnown ? found : try fallbackIndex(of: subject)
    }

    private static func descriptors(_ document: Document) throws(MaxError) -> [Descriptor] {
        guard case .array(let list)? = document["manifests"] else { throw MaxError(.malformed, "manifests: expected an array") }
        var out: [Descriptor] = []
        for (position, element) in list.enumerated() { out.append(try Descriptor(element, "manifests[\(position)]")) }
        return out
    }

    private static func fallbackTag(_ subject: ContentDigest) -> OCIReference.Version { .tag("sha256-\(subject.hex)") }

    private func fallbackIndex(of subject: ContentDigest) throws(MaxError) -> [Descriptor] {
        guard let (bytes, type) = try fetchManifestBytes(Self.fallbackTag(subject)) else { return [] }
        let place = "\(base.authority)/\(repository):sha256-\(subject.hex)"
        guard type == MediaType.index else {
            throw MaxError(.malformed, "\(place): Content-Type \(type?.quoted ?? "is missing"), expected \(MediaType.index.quoted)")
        }
        do { return try Self.descriptors(try JSONReader.read(bytes)) } catch { throw error.inside(place) }
    }

    /// Lists `referrer` under the fallback tag, with what is there.
    ///
    /// Registries know no compare-and-set: who writes between our read and our write is overwritten. So each looks
    /// again, twice, after a while that is longer than reading and writing took, and starts over when its own entry is
    /// gone. Lost is only what a writer overwrites who stood still for longer than that between the two.
    ///
    /// - Throws: `.conflict` when it is gone every time.
    func addToFallbackIndex(_ referrer: Descriptor, of subject: ContentDigest) throws(MaxError) {
        let clock = ContinuousClock()
        for attempt in 0..<Self.attempts {
            let began = clock.now
            let listed = try fallbackIndex(of: subject)
            if !listed.contains(where: { $0.digest == referrer.digest }) {
                try putManifest(Self.index(listed + [referrer]), type: MediaType.index, as: Self.fallbackTag(subject))
            } else if attempt == 0 {
                return
            }
            if try staysListed(referrer, of: subject, after: began.duration(to: clock.now) * 2) { return }
        }
        throw MaxError(.conflict, "\(base.authority)/\(repository): others keep overwriting the tag sha256-\(subject.hex): try again")
    }

    private func staysListed(_ referrer: Descriptor, of subject: ContentDigest, after pause: Duration) throws(MaxError) -> Bool {
        let longest: Duration = .seconds(30)
        for _ in 0..<2 {
            let wait = min(pause, longest) + .milliseconds(Int64.random(in: settleMilliseconds / 4...settleMilliseconds))
            usleep(UInt32(wait / .microseconds(1)))
            guard try fallbackIndex(of: subject).contains(where: { $0.digest == referrer.digest }) else { return false }
        }
        return true
    }

    static func index(_ manifests: [Descriptor]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("schemaVersion", 2)
            json.member("mediaType", MediaType.index.string)
            json.member("manifests", array: { json in for manifest in manifests { manifest.write(&json) } })
        }
        return json.bytes
    }
}
