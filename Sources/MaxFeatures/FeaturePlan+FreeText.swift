import MaxIR
import MaxLearning
import MaxSettings

extension FeaturePlan {
    private static let wordColumns = 128

    /// For texts that are sentences rather than names: most of them different, three different words and more in the middle one.
    ///
    /// Words that recur in 20 rows at least become a vocabulary, which every part of the rows then has some of; else they are hashed.
    static func freeText(_ categories: Categories) -> (steps: [FeatureStep], reason: String)? {
        guard case .texts(let texts) = categories.keys, texts.count > fewValues.oneHot else { return nil }
        let rows = categories.codes.count - categories.missingCount
        guard 2 * texts.count >= rows else { return nil }
        // A spread of them is enough to judge by.
        let step = max(1, texts.count / 2000)
        let analyzer = TextAnalyzer(unit: .word)
        var units = TextUnits()
        var (index, counts, seen): (TextIndex, [Int], [Int]) = (TextIndex(), [], [])
        var lengths: [Int] = []
        for position in stride(from: 0, to: texts.count, by: step) {
            var length = 0
            texts[position].utf8.withUnsafeBufferPointer { bytes in
                analyzer.forEachGram(of: bytes, in: &units) { word in
                    let number = index.insert(word)
                    if number == counts.count {
                        counts.append(0)
                        seen.append(-1)
                    }
                    guard seen[number] != position else { return }
                    seen[number] = position
                    counts[number] += 1
                    length += 1
                }
            }
            lengths.append(length)
        }
        lengths.sort()
        let middle = lengths[lengths.count / 2]
        guard middle >= 3 else { return nil }
        let what = "free text (\(texts.count) texts, \(middle) different words in the middle one)"
        if counts.contains(where: { $0 >= 20 }) {
            return (
                [FeatureStep("ngrams", ["features": .integer(wordColumns)])],
                "\(what): its \(wordColumns) most frequent words, weighed by rarity"
            )
        }
        return (
            [FeatureStep("text_hash", ["buckets": .integer(wordColumns)])],
            "\(what): its words, few of which recur, in \(wordColumns) columns by hash"
        )
    }
}
