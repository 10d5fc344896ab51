import Glibc
import MaxFormats
import MaxIR
import MaxRuntime

/// Answers requests, one at a time: everything that one event loop needs, reused from request to request.
public final class Worker {
    let service: Service
    private var contexts: [ObjectIdentifier: Context] = [:]
    private var batches: [ObjectIdentifier: RowBatch] = [:]
    private var generation = 0

    public init(_ service: Service) { self.service = service }

    public func answer(_ request: Request) -> Answer {
        // What models that are gone have left; a context keeps its model, so that no key is used twice meanwhile.
        if generation != service.generation {
            generation = service.generation
            contexts.removeAll()
            batches.removeAll()
        }
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true).map { Self.decoded(String($0)) }
        switch parts.first {
        case nil: return only("GET", request) { self.server() }
        case "v2": return v2(Array(parts.dropFirst()), request)
        case "v1": return v1(Array(parts.dropFirst()), request)
        case "invocations" where parts.count == 1:
            return only("POST", request) {
                guard let served = self.service.models.first else { return .failure(404, "no model is served") }
                return self.infer(served, request) { rows throws(MaxError) in try rows.invocations(request, self.context(served)) }
            }
        case "ping" where parts.count == 1, "health" where parts.count == 1:
            return only("GET", request) { self.service.isReady ? Answer(200, contentType: "text/plain", [10]) : .failure(503, "draining") }
        case "version" where parts.count == 1:
            return only("GET", request) { Answer(200, contentType: "text/plain", Array("\(self.service.version)\n".utf8)) }
        case "metrics" where parts.count == 1:
            return only("GET", request) {
                Answer(200, contentType: "text/plain; version=0.0.4; charset=utf-8", Array(PrometheusText.of(self.service).utf8))
            }
        default: return .failure(404, "no such path")
        }
    }

    private func v2(_ parts: [String], _ request: Request) -> Answer {
        switch parts {
        case []: return only("GET", request) { self.server() }
        case ["health", "live"]: return only("GET", request) { .json { $0.object { $0.member("live", true) } } }
        case ["health", "ready"]:
            let ready = service.isReady
            return only("GET", request) { .json(ready ? 200 : 503) { $0.object { $0.member("ready", ready) } } }
        case ["models"]:
            return only("GET", request) {
                .json { json in
                    json.object { json in
                        json.member("models", array: { json in for model in self.service.models { json.value(model.name) } })
                    }
                }
            }
        case ["models", "stats"]: return only("GET", request) { ModelDocuments.statistics(self.service.models) }
        case ["repository", "index"]: return only("POST", request) { ModelDocuments.index(self.service) }
        case _ where parts.count >= 2 && parts[0] == "models":
            let hasVersion = parts.count >= 4 && parts[2] == "versions"
            guard let served = service.find(parts[1], version: hasVersion ? parts[3] : nil) else {
                return .failure(
                    404, "model '\(printable(parts[1]))'\(hasVersion ? " version '\(printable(parts[3]))'" : ""): not served here")
            }
            return model(served, Array(parts.dropFirst(hasVersion ? 4 : 2)), request)
        default: return .failure(404, "no such path")
        }
    }

    private func model(_ served: ServedModel, _ parts: [String], _ request: Request) -> Answer {
        switch parts {
        case []: return only("GET", request) { ModelDocuments.metadata(served) }
        case ["ready"]:
            let ready = service.isReady
            return only("GET", request) {
                .json(ready ? 200 : 503) { json in
                    json.object {
                        $0.member("name", served.name)
                        $0.member("ready", ready)
                    }
                }
            }
        case ["config"]: return only("GET", request) { ModelDocuments.config(served, self.service.limits) }
        case ["stats"]: return only("GET", request) { ModelDocuments.statistics([served]) }
        case ["infer"]:
            return only("POST", request) {
                self.measured(served) { batch throws(MaxError) in
                    var infer = V2Infer(served, batch, maximumRows: self.service.limits.rows)
                    return try infer.run(request) { model, rows throws(MaxError) in try self.context(model, rows) }
                }
            }
        default: return .failure(404, "no such path")
        }
    }

    private func v1(_ parts: [String], _ request: Request) -> Answer {
        guard parts.first == "models" else { return .failure(404, "no such path") }
        if parts.count == 1 {
            return only("GET", request) {
                .json { json in
                    json.object { json in
                        json.member("models", array: { json in for model in self.service.models { json.value(model.name) } })
                    }
                }
            }
        }
        let last = parts[parts.count - 1]
        let isPredict = last.hasSuffix(":predict")
        let name = isPredict && parts.count == 2 ? String(last.dropLast(8)) : parts[1]
        let version = parts.count == 4 && parts[2] == "versions" ? (isPredict ? String(last.dropLast(8)) : last) : nil
        guard parts.count == 2 || version != nil, let served = service.find(name, version: version) else {
            return .failure(404, "model '\(printable(name))': not served here")
        }
        guard isPredict else {
            return only("GET", request) {
                .json { json in
                    json.object {
                        $0.member("name", served.name)
                        $0.member("ready", self.service.isReady)
                    }
                }
            }
        }
        // KServe looks at no content type here, and curl sends a form's by default.
        var json = request
        json.contentType = ""
        return only("POST", request) {
            self.infer(served, json) { rows throws(MaxError) in try rows.predictV1(json, self.context(served)) }
        }
    }

    private func server() -> Answer {
        .json { json in
            json.object { json in
                json.member("name", "maxai-serve")
                json.member("version", service.version)
                json.member(
                    "extensions",
                    array: { json in
                        for name in ["binary_tensor_data", "model_repository", "model_configuration", "statistics"] { json.value(name) }
                    })
            }
        }
    }

    private func only(_ method: String, _ request: Request, _ body: () -> Answer) -> Answer {
        guard request.method == method || (method == "GET" && request.method == "HEAD") else {
            var answer = Answer.failure(405, "method \(request.method) is not allowed here, expected \(method)")
            answer.headers.append(("Allow", method))
            return answer
        }
        return body()
    }

    private func infer(_ served: ServedModel, _ request: Request, _ body: (RowProtocols) throws(MaxError) -> Answer) -> Answer {
        let type = request.mediaType
        guard type.isEmpty || type == "application/json" || type == "text/csv" else {
            return .failure(415, "content type \(Text(String(type.prefix(64))).quoted), expected application/json or text/csv")
        }
        return measured(served) { batch throws(MaxError) in
            try body(RowProtocols(served: served, batch: batch, maximumRows: service.limits.rows))
        }
    }

    private func measured(_ served: ServedModel, _ body: (RowBatch) throws(MaxError) -> Answer) -> Answer {
        let start = Self.seconds(CLOCK_MONOTONIC)
        let key = ObjectIdentifier(served)
        let batch = batches[key] ?? RowBatch(served.schema, served.expectations)
        batches[key] = batch
        let answer = Self.caught { () throws(MaxError) in try body(batch) }
        served.metrics.record(
            seconds: Self.seconds(CLOCK_MONOTONIC) - start, rows: batch.rows, succeeded: answer.status == 200,
            now: Int64(Self.seconds(CLOCK_REALTIME) * 1000))
        return answer
    }

    private static func caught(_ body: () throws(MaxError) -> Answer) -> Answer {
        do throws(MaxError) { return try body() } catch { return .failure(error) }
    }

    private func context(_ served: ServedModel) -> (Int) throws(MaxError) -> Context {
        { rows throws(MaxError) in try self.context(served.model, rows) }
    }

    /// A context for as many rows; the next larger power of two, so that growing stops.
    private func context(_ model: Model, _ rows: Int) throws(MaxError) -> Context {
        let key = ObjectIdentifier(model)
        if let known = contexts[key], known.maximumRows >= rows { return known }
        var size = 16
        while size < rows { size *= 2 }
        let made = try model.makeContext(maximumRows: size)
        contexts[key] = made
        return made
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func printable(_ name: String) -> String { Text(name).isModelName ? name : "?" }

    /// Percent-decoded once; what is then no model name finds nothing.
    private static func decoded(_ part: String) -> String {
        guard part.utf8.contains(UInt8(ascii: "%")) else { return part }
        var out: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                out.append(code)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
