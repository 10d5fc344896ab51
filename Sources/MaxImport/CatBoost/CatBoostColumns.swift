import MaxFormats
import MaxIR

/// The matrix that trees look at: numbers, then a code for each category that trees compare, then statistics.
struct CatBoostColumns {
    let matrix: ValueID
    let count: Int

    init(_ features: CatBoostFeatures, tables: Field?, _ builder: inout GraphBuilder) throws(MaxError) {
        var inputs = Inputs()
        for column in features.columns {
            switch column {
            case .float(let index):
                inputs.floats[index] = try builder.input(features.floats[index].name, TensorType(.f32, [.rows]), missing: .nan)
            case .category(let index):
                inputs.texts[index] = try builder.input(features.categories[index].name, TensorType(.string, [.rows]))
            }
        }
        for index in features.categories.indices {
            guard let text = inputs.texts[index] else { continue }
            inputs.hashes[index] = try builder.add(Ops.stringHash, [text])
        }
        var parts: [ValueID] = []
        for index in features.floats.indices { parts.append(try inputs.float(index)) }
        for (index, category) in features.categories.enumerated() {
            parts.append(try Self.code(of: try inputs.hash(index), category, &builder))
        }
        var keys: [[CatBoostStatistic.Element]: ValueID] = [:]
        for statistic in features.statistics {
            let found = try CatBoostStatistic(statistic.field, features, tables: tables)
            let key: ValueID
            if let known = keys[found.elements] {
                key = known
            } else {
                key = try found.key(inputs, features, &builder)
                keys[found.elements] = key
            }
            parts.append(
                try builder.add(
                    Ops.labelEncoder, [key],
                    [
                        "keys_tensor": .tensor(Tensor(found.keys)), "values_tensor": .tensor(Tensor(found.values)),
                        "default_tensor": .tensor(Tensor([found.otherwise])),
                    ]))
        }
        guard !parts.isEmpty else { throw MaxError(.malformed, "catboost: features_info: no columns") }
        let axes = try builder.constant(Tensor([Int64(1)]))
        var columns: [ValueID] = []
        for part in parts { columns.append(try builder.add(Ops.unsqueeze, [part, axes])) }
        matrix = try builder.add(Ops.concat, columns.map { $0 }, ["axis": .int(1)])
        count = columns.count
    }

    /// The position of a category's hash among those that trees compare with; -1: none of them.
    private static func code(
        of hash: ValueID, _ category: CatBoostFeatures.Category, _ builder: inout GraphBuilder
    ) throws(MaxError) -> ValueID {
        try builder.add(
            Ops.labelEncoder, [hash],
            [
                "keys_tensor": .tensor(Tensor(category.values)),
                "values_tensor": .tensor(Tensor(category.values.indices.map { Float($0) })),
                "default_tensor": .tensor(Tensor([Float(-1)])),
            ])
    }

    /// A model's inputs by their position among the floats, and among the categories.
    struct Inputs {
        var floats: [Int: ValueID] = [:]
        var texts: [Int: ValueID] = [:]
        var hashes: [Int: ValueID] = [:]

        func float(_ index: Int) throws(MaxError) -> ValueID { try known(floats, index, "float") }
        func hash(_ index: Int) throws(MaxError) -> ValueID { try known(hashes, index, "categorical") }

        private func known(_ values: [Int: ValueID], _ index: Int, _ kind: String) throws(MaxError) -> ValueID {
            guard let value = values[index] else {
                throw MaxError(.malformed, "catboost: \(kind) feature \(index), expected 0 to \(values.count - 1)")
            }
            return value
        }
    }
}
