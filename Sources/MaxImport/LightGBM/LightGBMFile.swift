import MaxFormats
import MaxIR

/// A model file taken apart: head, trees, and the line of pandas' categories at its end.
struct LightGBMFile {
    private(set) var header = LightGBMSection(place: "header")
    private(set) var trees: [LightGBMSection] = []
    private var pandasCategories: ArraySlice<UInt8>?

    init(_ bytes: [UInt8]) throws(MaxError) {
        guard LightGBM.detect(bytes) else {
            throw MaxError(.malformed, "lightgbm: the file does not start with 'tree' and 'version=': save the model with save_model")
        }
        var isEnded = false
        let (treePrefix, pandasPrefix) = (Array("Tree=".utf8), Array("pandas_categorical:".utf8))
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if line.starts(with: pandasPrefix) {
                pandasCategories = line.dropFirst(pandasPrefix.count)
            } else if isEnded {
                continue
            } else if line.elementsEqual("end of trees".utf8) {
                isEnded = true
            } else if line.starts(with: treePrefix) {
                let place = "Tree=\(trees.count)"
                guard line.elementsEqual(place.utf8) else {
                    throw MaxError(.malformed, "lightgbm: found \(Text(utf8: Array(line)).quoted), expected \(place)")
                }
                trees.append(LightGBMSection(place: place))
            } else if trees.isEmpty {
                try header.add(line)
            } else {
                try trees[trees.count - 1].add(line)
            }
        }
        guard isEnded else { throw MaxError(.malformed, "lightgbm: the line 'end of trees' is missing: the file is cut off") }
    }

    /// The columns whose categories pandas had, by position; their codes are what the trees test.
    ///
    /// The file lists the categories in the order of the columns that had the type `category`, and no names; those are the
    /// columns whose value range is a list (`feature_infos`).
    func categories(_ features: Int) throws(MaxError) -> [Int: CategoryKeys] {
        guard let line = pandasCategories, !line.elementsEqual("null".utf8) else { return [:] }
        let place = "lightgbm: pandas_categorical"
        guard case .array(let lists) = try JSONReader.read(Array(line)) else { throw MaxError(.malformed, "\(place): expected a list") }
        guard !lists.isEmpty else { return [:] }
        let infos = try header.list("feature_infos")
        guard infos.count == features else {
            throw header.malformed("feature_infos", "\(infos.count) elements, expected \(features)")
        }
        let positions = infos.indices.filter { infos[$0].first != UInt8(ascii: "[") && !infos[$0].elementsEqual("none".utf8) }
        guard positions.count == lists.count else {
            throw MaxError(
                .unsupported,
                "\(place): \(lists.count) columns have categories, but the file tells which for \(positions.count): "
                    + "leave out categorical columns that the model does not use")
        }
        var out: [Int: CategoryKeys] = [:]
        for (position, list) in zip(positions, lists) {
            switch list {
            case .numbers(let numbers):
                out[position] = .integers(try Self.integers(numbers, place))
            case .array(let elements):
                var texts: [Text] = []
                for element in elements {
                    guard case .string(let text) = element else {
                        throw MaxError(.unsupported, "\(place): found \(element.kind), expected texts or integers")
                    }
                    texts.append(text)
                }
                guard Set(texts).count == texts.count else { throw MaxError(.malformed, "\(place): a category stands twice") }
                out[position] = .texts(texts)
            default: throw MaxError(.malformed, "\(place): found \(list.kind), expected a list")
            }
        }
        return out
    }

    private static func integers(_ numbers: NumberArray, _ place: String) throws(MaxError) -> [Int64] {
        guard let keys = try? numbers.integers() else {
            throw MaxError(.unsupported, "\(place): categories that are fractions cannot be represented: train with integers or texts")
        }
        guard Set(keys).count == keys.count else { throw MaxError(.malformed, "\(place): a category stands twice") }
        return keys
    }
}
