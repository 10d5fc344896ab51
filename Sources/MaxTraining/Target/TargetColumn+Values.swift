import MaxFeatures
import MaxIR

extension TargetColumn {
    /// Different values are counted up to this number; beyond it a column has many.
    static let maximumDistinct = 100_000

    /// The different values of a column, missing ones and NaN left out, in ascending order; texts by their bytes. Numbers are
    /// integers where all of them are.
    static func distinct(_ table: Table, _ index: Int, _ place: String) throws(MaxError) -> TensorStorage {
        switch table.columns[index].element {
        case .string:
            var seen: [Text: Int] = [:]
            for text in table.texts(index) {
                if let text { seen[text, default: 0] += 1 }
                if seen.count > maximumClasses {
                    throw MaxError(
                        .malformed, "\(place): more than \(maximumClasses) different texts: a target of texts has few, its classes")
                }
            }
            return .string(seen.keys.sorted())
        case .bool:
            let found = Set(try table.numbers(index).filter { !$0.isNaN })
            return .bool(found.sorted().map { $0 != 0 })
        default:
            var found = Set<Double>()
            for number in try table.numbers(index) where !number.isNaN {
                found.insert(number)
                if found.count > maximumDistinct { break }
            }
            let sorted = found.sorted()
            let integers = sorted.compactMap { Int64(exactly: $0) }
            return integers.count == sorted.count ? .i64(integers) : .f64(sorted)
        }
    }

    /// The target of every row: a class's number, or the value. NaN where it is missing, or no class that this target has.
    public func encode(_ table: Table) throws(MaxError) -> [Double] {
        guard let index = table.index(of: name) else { throw table.noColumn(name, "target.column") }
        switch classes {
        case .string(let texts):
            let codes = Dictionary(zip(texts, texts.indices.map(Double.init)), uniquingKeysWith: { first, _ in first })
            return table.texts(index).map { $0.flatMap { codes[$0] } ?? .nan }
        case nil: return try table.numbers(index)
        case let classes?:
            let values: [Double]
            switch classes {
            case .i64(let integers): values = integers.map { Double($0) }
            case .bool(let flags): values = flags.map { $0 ? 1 : 0 }
            case .f64(let numbers): values = numbers
            default: values = []
            }
            let codes = Dictionary(zip(values, values.indices.map(Double.init)), uniquingKeysWith: { first, _ in first })
            return try table.numbers(index).map { $0.isNaN ? .nan : codes[$0] ?? .nan }
        }
    }
}
