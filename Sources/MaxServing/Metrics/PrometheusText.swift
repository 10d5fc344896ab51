import Glibc

/// The Prometheus text exposition format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    mutating func family(_ name: String, _ type: String, _ help: String) { text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n" }

    mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: String) {
        let list = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var out = ""
        for character in value {
            switch character {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.append(character)
            }
        }
        return out
    }

    static func of(_ service: Service) -> String {
        var out = PrometheusText()
        let models = service.models.map { ($0, $0.metrics.snapshot, [("model", $0.name), ("version", $0.version)]) }
        out.family("maxai_requests_total", "counter", "Inference requests, by model and outcome.")
        for (_, counts, labels) in models {
            out.sample("maxai_requests_total", labels + [("outcome", "success")], "\(counts.succeeded)")
            out.sample("maxai_requests_total", labels + [("outcome", "failure")], "\(counts.failed)")
        }
        out.family("maxai_rows_total", "counter", "Rows scored.")
        for (_, counts, labels) in models { out.sample("maxai_rows_total", labels, "\(counts.rows)") }
        out.family("maxai_request_duration_seconds", "histogram", "From the last byte of a request to its answer being ready.")
        for (_, counts, labels) in models {
            var total = 0
            for (bound, count) in zip(ModelMetrics.bounds, counts.buckets) {
                total += count
                out.sample("maxai_request_duration_seconds_bucket", labels + [("le", "\(bound)")], "\(total)")
            }
            total += counts.buckets.last ?? 0
            out.sample("maxai_request_duration_seconds_bucket", labels + [("le", "+Inf")], "\(total)")
            out.sample("maxai_request_duration_seconds_sum", labels, "\(counts.seconds)")
            out.sample("maxai_request_duration_seconds_count", labels, "\(total)")
        }
        if models.contains(where: { $0.0.expectations != nil }) {
            out.family(
                "maxai_expectation_violations_total", "counter",
                "Values that are not as expected, by column and rule; for rules of shares, windows of \(ExpectationMonitor.windowRows) rows."
            )
            for (served, _, labels) in models {
                for item in served.expectations?.counts ?? [] {
                    out.sample(
                        "maxai_expectation_violations_total", labels + [("column", item.column.string), ("rule", item.rule.rawValue)],
                        "\(item.count)")
                }
            }
        }
        out.family("maxai_model_info", "gauge", "1 for every model that is served, with the digest of its bundle.")
        for (served, _, labels) in models { out.sample("maxai_model_info", labels + [("digest", served.model.info.digest)], "1") }
        if let following = service.following.withLock({ $0 }) { out.write(following) }
        out.family("maxai_ready", "gauge", "Whether requests are taken: 0 while draining.")
        out.sample("maxai_ready", [], service.isReady ? "1" : "0")
        out.family("process_start_time_seconds", "gauge", "Start of the process, in seconds since 1970.")
        out.sample("process_start_time_seconds", [], "\(service.startTime)")
        out.family("process_resident_memory_bytes", "gauge", "Resident memory.")
        out.sample("process_resident_memory_bytes", [], "\(residentBytes())")
        return out.text
    }

    private mutating func write(_ following: FollowingStatus) {
        family("maxai_registry_pointer", "gauge", "The number of the alias's pointer that is served; 0 for a version.")
        for (alias, sequence) in following.sequences { sample("maxai_registry_pointer", [("reference", alias)], "\(sequence)") }
        family("maxai_registry_swaps_total", "counter", "Models that took the place of another.")
        sample("maxai_registry_swaps_total", [], "\(following.swaps)")
        family("maxai_registry_failures_total", "counter", "Looks at the registry whose outcome was refused.")
        sample("maxai_registry_failures_total", [], "\(following.failures)")
        family("maxai_registry_last_success_seconds", "gauge", "The last look that succeeded, in seconds since 1970.")
        sample("maxai_registry_last_success_seconds", [], "\(following.lastSuccess)")
    }

    private static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
        let fields = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
