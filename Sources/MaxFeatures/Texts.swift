import Glibc
import MaxIR
import MaxLearning
import MaxSettings

/// Words and pieces of texts as numbers.
extension Featurizers {
    static let texts: [Featurizer] = [ngrams, textHash]

    private static let analysis: [Setting] = [
        Setting(
            "analyzer", .choice(TextAnalyzer.Unit.allCases.map(\.rawValue)), "word",
            "runs of two or more letters and digits; characters, of which white ones in a row are one space; or the whole text"),
        Setting("least", .integer(1...16), 1, "least length of an n-gram"),
        Setting("most", .integer(1...16), 1, "greatest length of an n-gram"),
        Setting("lower", .flag, true, "whether letters are made small first, by Unicode's full rules without a language"),
        Setting("sublinear", .flag, false, "1 + log(count) instead of the count, with its sign"),
        Setting("norm", .choice(["l2", "l1", "none"]), "l2", "what each row is divided by"),
    ]

    private static func attributes(_ settings: Settings, _ missing: Text?) throws(MaxError) -> [String: Attribute] {
        guard settings.integer("least") <= settings.integer("most") else {
            throw MaxError(.usage, "least: found \(settings.integer("least")), expected at most \(settings.integer("most"))")
        }
        var attributes: [String: Attribute] = [
            "analyzer": .string(Text(settings.text("analyzer"))), "least": .int(Int64(settings.integer("least"))),
            "most": .int(Int64(settings.integer("most"))), "lower": .int(settings.flag("lower") ? 1 : 0),
            "sublinear": .int(settings.flag("sublinear") ? 1 : 0), "norm": .string(Text(settings.text("norm"))),
        ]
        if let missing { attributes["missing"] = .string(missing) }
        return attributes
    }

    static let ngrams = Featurizer(
        "ngrams",
        "How often each n-gram of a vocabulary occurs, times its inverse document frequency ln((1 + rows) / (1 + rows with it)) + 1 unless "
            + "`weights` says otherwise, divided by the row's norm. The vocabulary: n-grams of at least `min_rows` rows, of which the "
            + "`features` most frequent, equally frequent ones by their bytes; columns in the order of the bytes. A missing text gives "
            + "zeros (scikit-learn refuses it), an unknown n-gram counts nothing. Equal to the bit to scikit-learn TfidfVectorizer and "
            + "CountVectorizer, the source, where no equally frequent n-grams compete for the last of the `features` columns: there its choice "
            + "is open, and its default is no limit.",
        takes: [.texts],
        settings: analysis + [
            Setting("weights", .choice(["tfidf", "counts", "binary"]), "tfidf", "what an n-gram that occurs counts"),
            Setting("min_rows", .integer(1...1_000_000_000), 2, "rows that an n-gram must occur in"),
            Setting("features", .integer(1...100_000), 256, "most columns"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        var attributes = try Featurizers.attributes(settings, flow.missing)
        let categories = try fit.categories(flow, 0)
        guard case .texts(let texts) = categories.keys else { throw MaxError(.internal, "ngrams of numbers") }
        let analyzer = TextAnalyzer(
            unit: TextAnalyzer.Unit(rawValue: settings.text("analyzer")) ?? .word, least: settings.integer("least"),
            most: settings.integer("most"), lower: settings.flag("lower"))
        var grams = GramCounts()
        for (text, count) in zip(texts, categories.counts) {
            text.utf8.withUnsafeBufferPointer { grams.add($0, analyzer, times: count) }
        }
        let kept = grams.mostFrequent(settings.integer("features"), inRows: settings.integer("min_rows"))
        guard !kept.isEmpty else {
            throw MaxError(.malformed, "column \(flow.columns[0].name.quoted): no n-gram occurs in \(settings.integer("min_rows")) rows")
        }
        attributes["vocabulary"] = .strings(kept.map(\.text))
        switch settings.text("weights") {
        case "tfidf":
            let rows = Double(categories.codes.count)
            attributes["weights"] = .floats(kept.map { Glibc.log((1 + rows) / (1 + Double($0.rows))) + 1 })
        case "binary": attributes["binary"] = .int(1)
        default: break
        }
        let value = try fit.cast(try fit.add(Ops.textCounts, [flow.value], attributes, label: flow.columns[0].name))
        return FeatureFlow(
            value: value, kind: .numbers, columns: kept.map { .init(Text("\(flow.columns[0].name): \($0.text)")) },
            sources: Array(repeating: flow.sources[0], count: kept.count))
    }

    static let textHash = Featurizer(
        "text_hash",
        "n-grams counted in `buckets` columns by MurmurHash3 (32 bits, seed 0) of their UTF-8: the magnitude of the signed hash modulo their "
            + "number; with `signed`, a negative hash counts -1. Nothing is learned. A missing text gives zeros (scikit-learn refuses it). Equal to "
            + "the bit to scikit-learn HashingVectorizer, the source.",
        takes: [.texts], learns: false,
        settings: analysis + [
            Setting("buckets", .integer(2...65_536), 256, "columns"),
            Setting("signed", .flag, true, "whether half of the n-grams count as -1"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        var attributes = try Featurizers.attributes(settings, flow.missing)
        attributes["buckets"] = .int(Int64(settings.integer("buckets")))
        attributes["signed"] = .int(settings.flag("signed") ? 1 : 0)
        let value = try fit.cast(try fit.add(Ops.textCounts, [flow.value], attributes, label: flow.columns[0].name))
        let count = settings.integer("buckets")
        return FeatureFlow(
            value: value, kind: .numbers, columns: (0..<count).map { .init(Text("\(flow.columns[0].name) text \($0)")) },
            sources: Array(repeating: flow.sources[0], count: count))
    }
}

/// How often n-grams occur in texts.
private struct GramCounts {
    private var index = TextIndex()
    private var totals: [Int] = []
    private var rows: [Int] = []
    /// The last text that had each.
    private var seen: [Int] = []
    private var texts = 0
    private var units = TextUnits()

    mutating func add(_ text: UnsafeBufferPointer<UInt8>, _ analyzer: TextAnalyzer, times: Int) {
        analyzer.forEachGram(of: text, in: &units) { gram in
            let number = index.insert(gram)
            if number == totals.count {
                totals.append(0)
                rows.append(0)
                seen.append(-1)
            }
            totals[number] += times
            if seen[number] != texts {
                seen[number] = texts
                rows[number] += times
            }
        }
        texts += 1
    }

    /// Those of at least `least` rows of which there are most, at most `most`; by their bytes.
    func mostFrequent(_ most: Int, inRows least: Int) -> [(text: Text, rows: Int)] {
        let all = index.texts
        let kept = totals.indices.filter { rows[$0] >= least }
        let first = kept.count <= most ? kept : Array(kept.sorted { (totals[$1], all[$0]) < (totals[$0], all[$1]) }.prefix(most))
        return first.map { (all[$0], rows[$0]) }.sorted { $0.text < $1.text }
    }
}
