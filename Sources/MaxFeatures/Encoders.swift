import MaxIR
import MaxLearning
import MaxSettings

/// Texts, or numbers that stand for categories.
extension Featurizers {
    static let categories: [Featurizer] = [category, ordinal, oneHot, frequency, target, hash]

    /// Encodes a flow column by column.
    private static func encoder(
        _ name: String, _ summary: String, usesTarget: Bool = false, settings: [Setting],
        _ encode: @escaping @Sendable (FeatureFit, EncodedColumn, Settings) throws(MaxError) -> FeatureFlow
    ) -> Featurizer {
        Featurizer(name, summary, takes: [.texts, .numbers], usesTarget: usesTarget, settings: settings) {
            fit, flow, settings throws(MaxError) in
            var parts: [FeatureFlow] = []
            var held: [(column: Int, values: [Double])] = []
            var first = 0
            for index in 0..<flow.width {
                var value = flow.value
                if flow.kind == .numbers {
                    let column = try fit.gather(flow.value, [index], of: flow.width)
                    value = try fit.add(Ops.squeeze, [column, try fit.builder.constant(Tensor([Int64(1)]))])
                }
                let categories = try fit.categories(flow, index)
                let column = EncodedColumn(
                    value: value, name: flow.columns[index].name, source: flow.sources[index], missing: flow.missing, categories: categories
                )
                let known = fit.held.count
                let part = try encode(fit, column, settings)
                for entry in fit.held[known...] { held.append((first + entry.column, entry.values)) }
                fit.held.removeSubrange(known...)
                first += part.width
                parts.append(part)
            }
            let out = try fit.joined(parts)
            for entry in held { fit.held.append((out.value, entry.column, entry.values)) }
            return out
        }
    }

    static let category = encoder(
        "category",
        "The code of each value, as learners that know categories take it: 0 for the first of the sorted values (texts by bytes, numbers "
            + "ascending; -0.0 is 0.0). Missing and unknown values are NaN. The most frequent `max_categories` are kept, the smaller of equally "
            + "frequent ones; the others are NaN.",
        settings: [Setting("max_categories", .integer(1...1 << 24), 65536, "codes at most")]
    ) { fit, column, settings throws(MaxError) in
        let kept = column.mostFrequent(settings.integer("max_categories"), atLeast: 1)
        var codes: [Int: Double] = [:]
        for (code, index) in kept.enumerated() { codes[index] = Double(code) }
        let value = try column.lookup(fit, kept, { codes[$0] ?? .nan }, missing: .nan, unknown: .nan)
        return FeatureFlow(
            value: value, kind: .numbers, columns: [.init(column.name, .category(count: kept.count))], sources: [column.source])
    }

    static let ordinal = encoder(
        "ordinal",
        "The position among the sorted values (texts by bytes, numbers ascending) as a number. Source: scikit-learn OrdinalEncoder.",
        settings: [
            Setting("unknown", .number(-1e15...1e15), -1.0, "stands for values that were not seen"),
            Setting("missing", .number(-1e15...1e15), nil, "stands for missing values; NaN unless given"),
        ]
    ) { fit, column, settings throws(MaxError) in
        let value = try column.lookup(
            fit, Array(0..<column.categories.counts.count), { Double($0) }, missing: settings.optionalNumber("missing") ?? .nan,
            unknown: settings.number("unknown"))
        return FeatureFlow(value: value, kind: .numbers, columns: [.init(column.name)], sources: [column.source])
    }

    static let frequency = encoder(
        "frequency",
        "How often the value occurred in what was learned from: its part of the rows, or their number; 0 for unknown values; a missing value "
            + "counts as a value. Source: category_encoders CountEncoder.",
        settings: [Setting("normalize", .flag, true, "a part of all rows rather than a number of rows")]
    ) { fit, column, settings throws(MaxError) in
        let unit = settings.flag("normalize") ? Double(column.categories.codes.count) : 1
        let counts = column.categories.counts
        let value = try column.lookup(
            fit, Array(counts.indices), { Double(counts[$0]) / unit }, missing: Double(column.categories.missingCount) / unit, unknown: 0)
        let name = settings.flag("normalize") ? "frequency of" : "count of"
        return FeatureFlow(value: value, kind: .numbers, columns: [.init(Text("\(name) \(column.name)"))], sources: [column.source])
    }

    static let oneHot = encoder(
        "one_hot",
        "A column of 0 and 1 per value, sorted (texts by bytes, numbers ascending), a missing value last where there was one. Values with fewer "
            + "than `min_frequency` rows, and all but the `max_categories` most frequent (the smaller of equally frequent ones; the bucket counts "
            + "as one), share one infrequent column at the end. Source: scikit-learn OneHotEncoder.",
        settings: [
            Setting("min_frequency", .number(0...1e15), 0.0, "rows that a value needs; below 1, a part of all rows"),
            Setting("max_categories", .integer(1...Limits.ports), nil, "columns at most, the infrequent one included"),
            Setting("drop_first", .flag, false, "leaves out the first column"),
            Setting(
                "unknown", .choice(["ignore", "infrequent", "error"]), "infrequent",
                "what a value that was not seen gives: zeros, the infrequent column where there is one (else zeros), or an error"),
        ]
    ) { fit, column, settings throws(MaxError) in try column.oneHot(fit, settings) }

    static let target = encoder(
        "target",
        "The mean of the target over the rows with the value, drawn to the mean of all: (sum + smoothing * mean) / (count + smoothing); without "
            + "`smoothing`, by empirical Bayes, with weight v*n / (v*n + s/n) for the variance v of the target and the sum s of squared differences "
            + "in the category. Unknown values give the mean of all; a missing value is a value of its own. One column per class for 3 classes and "
            + "more. In training every row takes what the other folds say. Source: scikit-learn TargetEncoder (Micci-Barreca 2001), whose folds are "
            + "drawn by another generator.",
        usesTarget: true,
        settings: [
            Setting("smoothing", .number(0...1e15), nil, "rows that the mean of all counts as; empirical Bayes unless given"),
            Setting("folds", .integer(2...1000), 5, "parts for training"),
        ]
    ) { fit, column, settings throws(MaxError) in try column.targetEncoded(fit, settings) }
}

/// A column `[N]` of texts or numbers with its categories.
struct EncodedColumn {
    let value: ValueID
    let name: Text
    let source: [Text]
    let missing: Text?
    let categories: Categories

    /// Positions of the `most` most frequent values with at least `atLeast` rows, in their own order.
    func mostFrequent(_ most: Int, atLeast: Double) -> [Int] {
        let counts = categories.counts
        let candidates = counts.indices.filter { Double(counts[$0]) >= atLeast }
        guard candidates.count > most else { return candidates }
        return candidates.sorted { (-counts[$0], $0) < (-counts[$1], $1) }.prefix(most).sorted()
    }

    /// `[N, 1]`: a number for each of some values, for a missing one and for all others.
    func lookup(_ fit: FeatureFit, _ kept: [Int], _ number: (Int) -> Double, missing: Double, unknown: Double) throws(MaxError) -> ValueID {
        let values = fit.tensor(kept.map(number) + [missing])
        let looked = try fit.add(
            Ops.labelEncoder, [value],
            ["keys_tensor": .tensor(keys(kept, fit)), "values_tensor": .tensor(values), "default_tensor": .tensor(fit.tensor([unknown]))],
            label: name)
        return try fit.column(looked)
    }

    /// The kept values, and what stands for a missing one.
    private func keys(_ kept: [Int], _ fit: FeatureFit) -> Tensor {
        switch categories.keys {
        case .texts(let texts): Tensor(kept.map { texts[$0] } + [missing ?? ""])
        case .numbers(let numbers): fit.tensor(kept.map { numbers[$0] } + [.nan])
        }
    }

    func oneHot(_ fit: FeatureFit, _ settings: Settings) throws(MaxError) -> FeatureFlow {
        let rows = categories.codes.count
        let hasMissing = categories.missingCount > 0
        // The missing value takes part as the last of all.
        let counts = categories.counts + (hasMissing ? [categories.missingCount] : [])
        let given = settings.number("min_frequency")
        let least = given < 1 ? given * Double(rows) : given
        var kept = counts.indices.filter { Double(counts[$0]) >= least }
        if let most = settings.optionalInteger("max_categories"), kept.count + (kept.count < counts.count ? 1 : 0) > most {
            kept = kept.sorted { (-counts[$0], $0) < (-counts[$1], $1) }.prefix(most - 1).sorted()
        }
        let hasInfrequent = kept.count < counts.count
        var codes = [Int64](repeating: Int64(kept.count), count: counts.count)
        for (code, index) in kept.enumerated() { codes[index] = Int64(code) }
        let known = Array(categories.counts.indices)
        let otherwise: Int64 = settings.text("unknown") == "infrequent" && hasInfrequent ? Int64(kept.count) : -1
        let width = kept.count + (hasInfrequent ? 1 : 0)
        guard width <= Limits.ports else {
            throw MaxError(
                .limitExceeded, "one_hot: column \(name.quoted): \(width) values, expected at most \(Limits.ports): set max_categories")
        }
        let code = try fit.add(
            Ops.labelEncoder, [value],
            [
                "keys_tensor": .tensor(keys(known, fit)),
                "values_int64s": .ints(known.map { codes[$0] } + [hasMissing ? codes[known.count] : otherwise]),
                "default_int64": .int(otherwise),
            ], label: name)
        let isStrict = settings.text("unknown") == "error"
        let first = settings.flag("drop_first") ? 1 : 0
        var out = try fit.add(
            Ops.oneHotEncoder, [code], ["cats_int64s": .ints((0..<width).map { Int64($0) }), "zeros": .int(isStrict ? 0 : 1)], label: name)
        if first == 1 {
            guard width > 1 else { return FeatureFlow(value: out, kind: .numbers, columns: [], sources: []) }
            out = try fit.gather(out, Array(1..<width), of: width)
        }
        var names = kept.map { $0 < known.count ? "\(name)=\(categories.label($0))" : "\(name) is missing" }
        if hasInfrequent { names.append("\(name) is infrequent") }
        let columns = names.dropFirst(first).map { FeatureMatrix.Column(Text($0)) }
        return FeatureFlow(
            value: try fit.cast(out), kind: .numbers, columns: columns, sources: Array(repeating: source, count: columns.count))
    }
}
