import MaxIR
import MaxLearning
import MaxSettings

extension Featurizers {
    static let hash = Featurizer(
        "hash",
        "One of `buckets` columns per text: the magnitude of its MurmurHash3 (x86, 32 bits, seed 0, of the UTF-8) modulo their number takes 1, or "
            + "-1 where the hash is negative and `signed` is true; the others 0. A missing text gives zeros. Nothing is learned, so no text is "
            + "unknown. Source: scikit-learn FeatureHasher of one text per row.",
        takes: [.texts], learns: false,
        settings: [
            Setting("buckets", .integer(2...16384), 256, "columns"),
            Setting("signed", .flag, true, "whether half of the texts count as -1"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        let buckets = settings.integer("buckets")
        let hash = try fit.add(Ops.murmurHash, [flow.value], ["seed": .int(0)], label: flow.columns[0].name)
        let magnitude = try fit.add("abs", [hash])
        let bucket = try fit.add(Ops.mod, [magnitude, try fit.builder.constant(Tensor([Int64(buckets)]))])
        let column = try fit.cast(try fit.add(Ops.oneHotEncoder, [bucket], ["cats_int64s": .ints((0..<buckets).map { Int64($0) })]))
        let (zero, one) = (try fit.constant([0]), try fit.constant([1]))
        var weight = one
        if settings.flag("signed") {
            let isNegative = try fit.add(Ops.less, [hash, try fit.builder.constant(Tensor([Int64(0)]))])
            weight = try fit.add(Ops.select, [isNegative, try fit.constant([-1]), one])
        }
        if let missing = flow.missing {
            let isMissing = try fit.add("equal", [flow.value, try fit.builder.constant(Tensor([missing]))])
            weight = try fit.add(Ops.select, [isMissing, zero, weight])
        }
        if fit.builder.constantValue(of: weight) == nil { weight = try fit.column(weight) }
        // A zero times -1 would be -0.0.
        let value = try fit.add("add", [try fit.add(Ops.mul, [column, weight]), zero])
        return FeatureFlow(
            value: value, kind: .numbers, columns: (0..<buckets).map { .init(Text("\(flow.columns[0].name) hash \($0)")) },
            sources: Array(repeating: flow.sources[0], count: buckets))
    }
}
