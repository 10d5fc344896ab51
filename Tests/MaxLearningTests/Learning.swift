import MaxIR
import MaxLearning
import MaxRuntime
import MaxSettings

/// Small problems, and what a fitted model says of their rows.
enum Learning {
    /// Columns of numbers from -1 to 1, the same for the same seed.
    static func numbers(_ rows: Int, _ columns: Int, seed: UInt64 = 7) -> [[Double]] {
        var state = seed
        func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-52 - 1
        }
        return (0..<columns).map { _ in (0..<rows).map { _ in next() } }
    }

    static func features(_ columns: [[Double]], categories: [Int: Int] = [:], element: ElementType = .f64) throws -> FeatureMatrix {
        let kinds = columns.indices.map { index in
            FeatureMatrix.Column(Text("x\(index)"), categories[index].map { .category(count: $0) } ?? .number)
        }
        let matrix = try FeatureMatrix(rows: columns.first?.count ?? 0, columns: kinds, element: element)
        for (index, column) in columns.enumerated() {
            for (row, value) in column.enumerated() {
                if element == .f32 { matrix.f32(index)[row] = Float(value) } else { matrix.f64(index)[row] = value }
            }
        }
        return matrix
    }

    static func fit(_ learner: String, _ problem: Problem, _ settings: [String: SettingValue] = [:]) throws -> any FittedModel {
        guard let learner = Learners.named(learner) else { throw MaxError(.internal, "no learner \(learner)") }
        return try learner.fit(problem, try Settings(settings, for: learner.settings))
    }

    static func graph(_ model: any FittedModel, _ features: FeatureMatrix) throws -> Graph {
        var builder = GraphBuilder(name: "model")
        let names = features.columns.map(\.name)
        let x = try builder.input("x", TensorType(features.element, [.rows, .fixed(names.count)]), missing: .nan, columns: names)
        let outputs = try model.append(to: &builder, features: x)
        builder.output("raw", outputs.raw)
        if let probability = outputs.probability { builder.output("probability", probability) }
        if let prediction = outputs.prediction { builder.output("prediction", prediction) }
        if let label = outputs.label { builder.output("label", label) }
        return try builder.finish()
    }

    /// An output for all rows, row by row, as the runtime computes it.
    static func predict(_ model: any FittedModel, _ features: FeatureMatrix, output: Text = "raw") throws -> [Double] {
        let model = try Model(graph: try graph(model, features), info: ModelInfo(name: "model"))
        let context = try model.makeContext(maximumRows: max(features.rows, 1))
        let size = features.element == .f32 ? 4 : 8
        let views = features.columns.indices.map {
            ColumnView(features.element, UnsafeRawPointer(features.values + $0 * features.rows * size), strideBytes: size)
        }
        try views.withUnsafeBufferPointer { try context.predict($0, rows: features.rows) }
        let place = model.schema.outputs.firstIndex { $0.name == output } ?? 0
        switch try context.outputTensors(rows: features.rows)[place].storage {
        case .f64(let values): return values
        case .f32(let values): return values.map { Double($0) }
        case .i64(let values): return values.map { Double($0) }
        default: return []
        }
    }

    static func failure(_ body: () throws -> Void) -> MaxError? {
        do { try body() } catch { return error as? MaxError }
        return nil
    }
}
