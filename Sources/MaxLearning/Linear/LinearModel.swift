import MaxIR

/// Weights of linear scores, and the link behind them.
struct LinearModel: FittedModel {
    enum Link: Sendable { case identity, exponential, logistic, softmax }

    /// Per output, one weight for each column.
    let weights: [[Double]]
    let intercepts: [Double]
    let link: Link
    let deviations: [Double]
    let facts: [(name: String, value: String)]

    /// From a solution for standardized columns.
    init(
        _ point: [Double], _ features: StandardizedFeatures, outputs: Int, hasIntercept: Bool, link: Link,
        facts: [(name: String, value: String)]
    ) {
        let columns = features.columns
        weights = (0..<outputs).map { k in (0..<columns).map { point[k * columns + $0] / features.scales[$0] } }
        let own = weights
        intercepts = (0..<outputs).map { k in
            var value = hasIntercept ? point[columns * outputs + k] : 0
            for column in 0..<columns { value -= own[k][column] * features.means[column] }
            return value
        }
        self.link = link
        deviations = features.scales
        self.facts = facts
    }

    /// The size of each weight times the deviation of its column: what a column's usual change does to the score.
    var importance: [Double]? {
        deviations.indices.map { column in weights.reduce(0) { $0 + abs($1[column]) } * deviations[column] }
    }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        let outputs = weights.count
        let columns = deviations.count
        var x = features
        if graph.type(of: x).tensor?.element != .f64 { x = try graph.add(Ops.cast, [x], ["to": .type(.f64)]) }
        var matrix: [Double] = []
        for column in 0..<columns { for k in 0..<outputs { matrix.append(weights[k][column]) } }
        let product = try graph.apply("matmul", [x, try graph.constant(Tensor(matrix, shape: [columns, outputs]))])
        var raw = try graph.apply("add", [product, try graph.constant(Tensor(intercepts))])
        if outputs == 1 { raw = try graph.flat(raw) }
        switch link {
        case .identity: return ModelOutputs(raw: raw, prediction: raw)
        case .exponential: return ModelOutputs(raw: raw, prediction: try graph.apply("exp", [raw]))
        case .logistic: return ModelOutputs(raw: raw, probability: try graph.apply("logistic", [raw], ["form": .string("clamped")]))
        case .softmax: return ModelOutputs(raw: raw, probability: try graph.apply("softmax", [raw], ["axis": .int(1)]))
        }
    }
}
