import Foundation
import MaxEvaluation
import MaxFormats
import MaxIR

/// `metrics CASES.json [--calibrate platt|isotonic|temperature]` or `metrics --page`.
///
/// CASES.json: an array of `{task, target, prediction, classes, weights, queries, features, metrics}`; written: one object per case.
@main struct Judge {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("metrics: \(error)\n".utf8))
            exit(1)
        }
    }

    static func run(_ arguments: [String]) throws(MaxError) {
        if arguments == ["--page"] { return print(Metrics.page, terminator: "") }
        guard let path = arguments.first, let data = FileManager.default.contents(atPath: path) else {
            throw MaxError(.usage, "metrics: expected a readable file of cases, or --page")
        }
        let method = arguments.count == 3 && arguments[1] == "--calibrate" ? arguments[2] : nil
        guard case .array(let cases) = try JSONReader.read([UInt8](data)) else {
            throw MaxError(.malformed, "metrics: expected an array of cases")
        }
        for one in cases { try judge(one, method) }
    }

    static func numbers(_ document: Document, _ name: String) throws(MaxError) -> [Double]? {
        switch document[Text(name)] {
        case .numbers(let numbers): return try numbers.doubles()
        case .array(let elements): return elements.map { if case .number(let number) = $0 { number.double ?? .nan } else { .nan } }
        default: return nil
        }
    }

    static func judge(_ one: Document, _ method: String?) throws(MaxError) {
        let target = try numbers(one, "target") ?? []
        let prediction = try numbers(one, "prediction") ?? []
        let weights = try numbers(one, "weights")
        let classes = one["classes"]?.integer.flatMap { Int(exactly: $0) } ?? 1
        var out = JSONWriter()
        if let method {
            let found =
                switch method {
                case "platt": try Calibration.platt(margins: prediction, targets: target, weights: weights)
                case "isotonic": try Calibration.isotonic(scores: prediction, targets: target, weights: weights)
                default: try Calibration.temperature(logits: prediction, targets: target, classes: max(classes, 2), weights: weights)
                }
            out.object { out in
                switch found {
                case .platt(let slope, let intercept):
                    out.member("slope", slope)
                    out.member("intercept", intercept)
                case .isotonic:
                    out.member("values", array: { out in for value in found.apply(prediction) { out.value(value) } })
                case .temperature(let temperature): out.member("temperature", temperature)
                }
            }
        } else {
            guard let task = EvaluationTask(rawValue: one["task"]?.text?.string ?? "") else {
                throw MaxError(.malformed, "metrics: task: expected a task")
            }
            let scored = Scored(
                target: target, prediction: prediction, classes: classes, weights: weights,
                queries: try numbers(one, "queries")?.compactMap { Int(exactly: $0) }, features: 3)
            let clock = ContinuousClock()
            out.object { out in
                for metric in Metrics.all(for: task) {
                    let start = clock.now
                    let found = metric.value(scored)
                    let spent = (clock.now - start) / .seconds(1)
                    out.member(
                        metric.name,
                        object: { out in
                            out.member("value", found.value)
                            if let error = found.standardError { out.member("error", error) }
                            if let reason = found.reason { out.member("reason", reason) }
                            out.member("seconds", spent)
                        })
                }
            }
        }
        print(String(decoding: out.bytes, as: UTF8.self))
    }
}
