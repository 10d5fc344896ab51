import MaxIR

extension PromotionCase {
    // MARK: Metrics

    func metric(_ rule: Policy.MetricRule) -> GateResult {
        var id = "metric/\(rule.id.string)"
        if case .baseline(let alias, _) = rule.limit { id += "-against-\(alias)" }
        return gate(id) { () throws(MaxError) in
            guard let found = try value(of: rule, in: candidate) else {
                return (false, "no evaluation by an evaluator has \(rule.id.quoted)\(rule.dataset.map { " on \($0.name)" } ?? "")")
            }
            let (limit, why) = try self.limit(of: rule)
            guard let limit else { return (false, why) }
            guard limit.isFinite else { return (true, "\(rule.id.string) \(found)\(why)") }
            return (rule.comparison.holds(found, limit), "\(rule.id.string) \(found), expected \(rule.comparison.rawValue) \(limit)\(why)")
        }
    }

    private func limit(of rule: Policy.MetricRule) throws(MaxError) -> (Double?, String) {
        switch rule.limit {
        case .value(let value): return (value, "")
        case .baseline(let alias, let delta):
            guard let baseline = baselines[alias] else {
                // The first of its kind has nobody to be worse than.
                let none: Double = rule.comparison == .atLeast || rule.comparison == .above ? -.infinity : .infinity
                return (none, " (\(alias) stands for nothing else)")
            }
            guard let value = try value(of: rule, in: baseline) else {
                return (nil, "no evaluation of \(baseline.model)@\(baseline.version), which \(alias) stands for, has \(rule.id.quoted)")
            }
            return (value + delta, " (\(baseline.version), which \(alias) stands for, has \(value))")
        }
    }

    private func value(of rule: Policy.MetricRule, in version: Version) throws(MaxError) -> Double? {
        for statement in version.statements.reversed() where statement.predicateType == PredicateType.evaluation {
            guard statement.signers.contains(where: { trust.holds(.evaluator, $0.fingerprint) }) else { continue }
            if let dataset = rule.dataset {
                guard let measured = try statement.predicate.optional("dataset")?.digest(), measured == dataset else { continue }
            }
            for metric in try statement.predicate.member("evaluation").member("metrics").elements()
            where try metric.member("name").text() == rule.id {
                guard let value = metric.optional("value") else { return nil }
                return try value.double()
            }
        }
        return nil
    }

    // MARK: Drift

    func drift(_ rule: Policy.DriftRule) -> GateResult {
        gate("drift") { () throws(MaxError) in
            guard let statement = newest(PredicateType.drift, by: .evaluator) else { return (false, "no drift verdict by an evaluator") }
            let rows = try statement.predicate.member("rows").integer()
            guard rows >= rule.minimumRows else { return (false, "drift over \(rows) rows, expected at least \(rule.minimumRows)") }
            if let maximum = rule.maximumPSI {
                let psi = try statement.predicate.member("psi").double()
                guard psi <= maximum else { return (false, "population stability index \(psi), at most \(maximum)") }
            }
            if let maximum = rule.maximumColumnPSI {
                for column in try statement.predicate.member("columns").elements() {
                    let psi = try column.member("psi").double()
                    guard psi <= maximum else {
                        return (
                            false, "population stability index of \(try column.member("name").text().quoted) \(psi), at most \(maximum)"
                        )
                    }
                }
            }
            return (true, "drift over \(rows) rows within its limits")
        }
    }

    // MARK: The bundle run

    func parity(_ rule: Policy.ParityRule) -> GateResult {
        gate("parity") { () throws(MaxError) in
            guard let statement = newest(PredicateType.parity, by: .promoter) ?? newest(PredicateType.parity, by: .evaluator) else {
                return (false, "nobody has run the golden rows")
            }
            let rows = try statement.predicate.member("rows").integer()
            let found = try statement.predicate.member("maxUlp").integer()
            guard rows > 0 else { return (false, "the bundle has no golden rows: compile it with --golden") }
            return (found <= rule.maximumULP, "\(rows) golden rows, off by \(found) ulp at most, allowed \(rule.maximumULP)")
        }
    }

    func rebuild() -> GateResult {
        gate("rebuild") { () throws(MaxError) in
            guard let statement = newest(PredicateType.rebuild, by: .evaluator) ?? newest(PredicateType.rebuild, by: .builder) else {
                return (false, "nobody has built it again")
            }
            let isEqual = try statement.predicate.member("equal").bool()
            return (isEqual, isEqual ? "built again with equal bytes by \(names(statement))" : "built again with other bytes")
        }
    }

    // MARK: Latency

    func latency(_ rule: Policy.LatencyRule) -> GateResult {
        gate("latency") { () throws(MaxError) in
            guard let statement = newest(PredicateType.latency, by: .evaluator) ?? newest(PredicateType.latency, by: .promoter) else {
                return (false, "nobody has measured it: maxai-registry attest --type latency")
            }
            let samples = try Self.samples(statement.predicate.member("nanoseconds"))
            let median = MannWhitney.median(samples)
            if let maximum = rule.maximumMicroseconds, median > maximum * 1000 {
                return (false, "median \(Self.microseconds(median)), at most \(maximum) us")
            }
            guard let baseline = baselines[rule.against] else {
                return (true, "median \(Self.microseconds(median)); \(rule.against) stands for nothing else")
            }
            guard let against = statement.predicate.optional("against"), try against.digest() == baseline.manifest else {
                return (false, "measured against another version than \(baseline.version), which \(rule.against) stands for")
            }
            let other = try Self.samples(statement.predicate.member("againstNanoseconds"))
            let factor = 1 + rule.maximumRegressionPercent / 100
            // Slower by more than allowed, beyond chance: the other's times, stretched by what is allowed, are still smaller.
            let chance = MannWhitney.probability(samples, isLargerThan: other.map { $0 * factor })
            let medians = "median \(Self.microseconds(median)), \(baseline.version) has \(Self.microseconds(MannWhitney.median(other)))"
            return (
                chance >= rule.alpha,
                "\(medians); slower by more than \(rule.maximumRegressionPercent) %: p = \(Self.short(chance)), refused below \(rule.alpha)"
            )
        }
    }

    private static func samples(_ member: Member) throws(MaxError) -> [Double] {
        var samples: [Double] = []
        for element in try member.list() { samples.append(try element.nonNegative()) }
        guard samples.count >= 20 else { throw MaxError(.malformed, "\(member.place): \(samples.count) samples, expected at least 20") }
        return samples
    }

    private static func microseconds(_ nanoseconds: Double) -> String { "\(short(nanoseconds / 1000)) us" }

    /// Three digits behind the point.
    private static func short(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

    // MARK: Time on another alias

    func soak(_ rule: Policy.SoakRule) -> GateResult {
        gate("soak") { () throws(MaxError) in
            guard let since = soakingSince else { return (false, "\(rule.from) does not stand for \(candidate.version)") }
            let spent = time.seconds - since.seconds
            return (
                spent >= rule.period.seconds,
                "on \(rule.from) for \(spent / 60) minutes, expected at least \(rule.period.seconds / 60)"
            )
        }
    }
}
