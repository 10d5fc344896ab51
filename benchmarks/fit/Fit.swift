import ArgumentParser
import Glibc
import MaxCommand
import MaxIR
import MaxLearning
import MaxRuntime
import MaxSettings

/// Fits one learner on arrays of numbers and predicts with the runtime: what peers are compared with.
@main
struct Fit: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Fits a learner on .npy arrays; prints times, memory and the model's digest as JSON.",
        discussion: "Example: fit gbdt binary x.npy y.npy --set trees=100 --set leaves=31 --test x2.npy --predict p.npy --threads 2")

    @Argument(help: "The learner's name.") var learner: String
    @Argument(help: "binary, multiclass, regression, ranking, anomaly or clustering.") var task: String
    @Argument(help: "Features: rows × columns.") var x: String
    @Argument(help: "Targets, one per row; - for none.") var y: String
    @Option(help: "NAME=VALUE; lists with commas, tables as NAME=A:1,B:-1.") var set: [String] = []
    @Option(help: "Weights, one per row.") var weights: String?
    @Option(help: "Rows of each query.") var queries: String?
    @Option(help: "Features of rows for early stopping.") var heldX: String?
    @Option(help: "Their targets.") var heldY: String?
    @Option(help: "Columns that are categories, by position, separated by commas.") var categories: String?
    @Option(help: "Features to predict for (default: those of training).") var test: String?
    @Option(help: "Where to write the raw scores (.npy).") var raw: String?
    @Option(help: "Where to write probabilities or predictions (.npy).") var predict: String?
    @Option(help: "Where to write the graph's text form.") var ir: String?
    @Option var threads = 1
    @Option var seed: UInt64 = 1
    @Option(help: "Fit this often and report every time.") var rounds = 1

    func run() throws {
        guard let learner = Learners.named(learner) else {
            throw MaxError(.usage, "\(learner): no such learner, expected \(Learners.all.map(\.name).joined(separator: ", "))")
        }
        guard let task = Task(rawValue: task) else { throw MaxError(.usage, "\(task): no such task") }
        let settings = try Settings(given(learner.settings), for: learner.settings)
        let features = try matrix(x)
        let target = y == "-" ? [] : try NumPyArray(path: y).values
        let classes = task == .binary ? 2 : task == .multiclass ? Int(target.max() ?? 0) + 1 : 1
        var problem = Problem(task, features: features, target: target, classes: classes, seed: seed, threads: threads)
        problem.weights = try weights.map { path throws(MaxError) in try NumPyArray(path: path).values }
        problem.queries = try queries.map { path throws(MaxError) in try NumPyArray(path: path).values.map { Int($0) } }
        if let heldX, let heldY { problem.held = Problem.Held(features: try matrix(heldX), target: try NumPyArray(path: heldY).values) }
        Self.resetPeak()
        let before = Self.peakKiB()
        var seconds: [Double] = []
        var cpu: [Double] = []
        var fitted: (any FittedModel)?
        for _ in 0..<max(rounds, 1) {
            let (start, startCPU) = (monotonicSeconds(), Self.cpuSeconds())
            fitted = try learner.fit(problem, settings)
            seconds.append(monotonicSeconds() - start)
            cpu.append(Self.cpuSeconds() - startCPU)
        }
        let peak = Self.peakKiB()
        guard let fitted else { return }
        let graph = try graph(fitted, features)
        let text = graph.text().text
        let content = BundleContent(
            info: ModelInfo(name: "fit"), producer: "fit", graph: graph, golden: nil, background: nil, provenance: [])
        let digest = try BundleWriter.bytes(of: content).withUnsafeBytes { SHA256.hash($0).hex }
        if let ir { try AtomicFile.write(Array(text.utf8), to: ir) }
        if raw != nil || predict != nil { try score(graph, try test.map { path throws(MaxError) in try matrix(path) } ?? features) }
        let facts = fitted.facts.map { "\"\($0.name)\": \"\($0.value)\"" }.joined(separator: ", ")
        print(
            "{\"seconds\": \(seconds), \"cpu\": \(cpu), \"kibBefore\": \(before), \"kibPeak\": \(peak), \"digest\": \"\(digest)\", \"facts\": {\(facts)}}"
        )
    }

    private func matrix(_ path: String) throws(MaxError) -> FeatureMatrix {
        let array = try NumPyArray(path: path)
        guard array.shape.count == 2 else { throw MaxError(.malformed, "\(path): shape \(array.shape), expected rows × columns") }
        let coded = Set((categories ?? "").split(separator: ",").compactMap { Int($0) })
        var columns: [FeatureMatrix.Column] = []
        for column in 0..<array.shape[1] {
            var kind = FeatureMatrix.Column.Kind.number
            if coded.contains(column) {
                let top = (0..<array.shape[0]).map { array.value(array.position($0, column)) }.filter { !$0.isNaN }.max() ?? 0
                kind = .category(count: Int(top) + 1)
            }
            columns.append(.init(Text("x\(column)"), kind))
        }
        let matrix = try FeatureMatrix(rows: array.shape[0], columns: columns, element: array.isFloat32 ? .f32 : .f64)
        for column in columns.indices {
            for row in 0..<matrix.rows {
                let value = array.value(array.position(row, column))
                if array.isFloat32 { matrix.f32(column)[row] = Float(value) } else { matrix.f64(column)[row] = value }
            }
        }
        return matrix
    }

    private func graph(_ fitted: any FittedModel, _ features: FeatureMatrix) throws(MaxError) -> Graph {
        var builder = GraphBuilder(name: "fit")
        let names = features.columns.map(\.name)
        let x = try builder.input("x", TensorType(features.element, [.rows, .fixed(names.count)]), missing: .nan, columns: names)
        let outputs = try fitted.append(to: &builder, features: x)
        builder.output("raw", outputs.raw)
        if let probability = outputs.probability { builder.output("probability", probability) }
        if let prediction = outputs.prediction { builder.output("prediction", prediction) }
        if let label = outputs.label { builder.output("label", label) }
        return try builder.finish()
    }

    private func score(_ graph: Graph, _ features: FeatureMatrix) throws(MaxError) {
        let model = try Model(graph: graph, info: ModelInfo(name: "fit"))
        let context = try model.makeContext(maximumRows: 4096)
        let size = features.element == .f32 ? 4 : 8
        let columns = features.columns.indices.map {
            ColumnView(features.element, UnsafeRawPointer(features.values + $0 * features.rows * size), strideBytes: size)
        }
        var results = [[Double]](repeating: [], count: model.schema.outputs.count)
        for first in stride(from: 0, to: features.rows, by: 4096) {
            let rows = min(4096, features.rows - first)
            let failure: MaxError? = columns.map { $0.dropping(first) }.withUnsafeBufferPointer { views in
                do throws(MaxError) { try context.predict(views, rows: rows) } catch { return error }
                return nil
            }
            if let failure { throw failure }
            for (index, tensor) in try context.outputTensors(rows: rows).enumerated() {
                switch tensor.storage {
                case .f32(let values): results[index] += values.map { Double($0) }
                case .f64(let values): results[index] += values
                case .i64(let values): results[index] += values.map { Double($0) }
                default: break
                }
            }
        }
        for (port, values) in zip(model.schema.outputs, results) {
            let path = port.name == "raw" ? raw : port.name == "label" ? nil : predict
            if let path { try NumPyArray.write(values, shape: port.width == 1 ? [features.rows] : [features.rows, port.width], to: path) }
        }
        if predict != nil, !model.schema.outputs.contains(where: { $0.name == "probability" || $0.name == "prediction" }),
            let label = model.schema.outputs.firstIndex(where: { $0.name == "label" }), let predict
        {
            try NumPyArray.write(results[label], shape: [features.rows], to: predict)
        }
    }

    private func given(_ declared: [Setting]) throws(MaxError) -> [String: SettingValue] {
        var given: [String: SettingValue] = [:]
        for pair in set {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw MaxError(.usage, "--set \(pair): expected NAME=VALUE") }
            let kind = declared.first { $0.name == parts[0] }?.kind
            switch kind {
            case .integers, .numbers, .texts: given[parts[0]] = .list(parts[1].split(separator: ",").map { Self.scalar(String($0)) })
            case .groups:
                given[parts[0]] = .list(parts[1].split(separator: ";").map { .list($0.split(separator: ",").map { .text(String($0)) }) })
            case .numberByName:
                var table: [String: SettingValue] = [:]
                for entry in parts[1].split(separator: ",") {
                    let sides = entry.split(separator: ":").map(String.init)
                    if sides.count == 2 { table[sides[0]] = Self.scalar(sides[1]) }
                }
                given[parts[0]] = .table(table)
            default: given[parts[0]] = Self.scalar(parts[1])
            }
        }
        return given
    }

    private static func scalar(_ text: String) -> SettingValue {
        if let integer = Int(text) { return .integer(integer) }
        if let number = Double(text) { return .number(number) }
        return text == "true" ? .flag(true) : text == "false" ? .flag(false) : .text(text)
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// The most memory resident since `resetPeak`. Not `ru_maxrss`: a process inherits that from the one that started it.
    private static func peakKiB() -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix("VmHWM:") { return text.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0 }
        }
        return 0
    }

    /// Lets the peak start again from what is resident now.
    private static func resetPeak() {
        guard let file = fopen("/proc/self/clear_refs", "w") else { return }
        fputs("5", file)
        fclose(file)
    }
}
