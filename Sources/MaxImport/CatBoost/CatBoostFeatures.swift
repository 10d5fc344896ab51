import MaxFormats
import MaxIR

/// `features_info`: the columns of a model and what its trees may ask about them.
struct CatBoostFeatures {
    struct Float {
        var name: Text
        var isTrueWhenMissing: Bool
    }

    struct Category {
        var name: Text
        /// Hashes that trees compare with, in the order of the file.
        var values: [Int64]
    }

    /// A statistic of categories that trees compare with borders.
    struct Statistic {
        let field: Field
        var borders: [Swift.Float]
    }

    enum Column {
        case float(Int)
        case category(Int)
    }

    private(set) var floats: [Float] = []
    private(set) var categories: [Category] = []
    private(set) var statistics: [Statistic] = []
    /// In the order of the table that the model was trained with.
    private(set) var columns: [Column] = []
    /// Splits are numbered through: borders of floats, values of categories, borders of statistics.
    private var floatBorders = 0

    init(_ info: Field) throws(MaxError) {
        for kind in ["text_features", "embedding_features"] {
            guard let field = try info.optional(kind), try !field.elements().isEmpty else { continue }
            throw MaxError(.unsupported, "catboost: \(field.path): they cannot be represented: train without them")
        }
        var places: [(at: Int, column: Column)] = []
        for field in try info.optional("float_features")?.elements() ?? [] {
            let place = try Self.place(field, floats.count)
            let missing = try field.optional("nan_value_treatment")?.text().string ?? "AsIs"
            guard ["AsIs", "AsFalse", "AsTrue"].contains(missing) else {
                throw MaxError(.unsupported, "catboost: \(field.path).nan_value_treatment: '\(missing)' is not known")
            }
            places.append((place, .float(floats.count)))
            floatBorders += try field.optional("borders")?.floats().count ?? 0
            floats.append(Float(name: try Self.name(field, place), isTrueWhenMissing: missing == "AsTrue"))
        }
        for field in try info.optional("categorical_features")?.elements() ?? [] {
            let place = try Self.place(field, categories.count)
            places.append((place, .category(categories.count)))
            categories.append(Category(name: try Self.name(field, place), values: try field.optional("values")?.integers() ?? []))
        }
        for field in try info.optional("ctrs")?.elements() ?? [] {
            statistics.append(Statistic(field: field, borders: try field.member("borders").floats()))
        }
        guard places.count <= Limits.ports else {
            throw MaxError(.limitExceeded, "catboost: features_info: \(places.count) columns, at most \(Limits.ports)")
        }
        places.sort { $0.at < $1.at }
        columns = places.map(\.column)
    }

    /// The statistic and the border that split number `index` compares with.
    func statistic(ofSplit index: Int) -> (position: Int, border: Swift.Float)? {
        var rest = index - floatBorders - categories.reduce(0) { $0 + $1.values.count }
        guard rest >= 0 else { return nil }
        for (position, statistic) in statistics.enumerated() {
            if rest < statistic.borders.count { return (position, statistic.borders[rest]) }
            rest -= statistic.borders.count
        }
        return nil
    }

    private static func place(_ field: Field, _ expected: Int) throws(MaxError) -> Int {
        let index = try field.member("feature_index").integer(0...Int64(Int32.max))
        guard index == expected else {
            throw MaxError(.malformed, "catboost: \(field.path).feature_index: found \(index), expected \(expected)")
        }
        return try field.member("flat_feature_index").integer(0...Int64(Int32.max))
    }

    /// Features without a name are called by their position.
    private static func name(_ field: Field, _ place: Int) throws(MaxError) -> Text {
        let name = try field.optional("feature_id")?.text() ?? ""
        return name.utf8.isEmpty ? Text("\(place)") : name
    }
}
