import MaxFormats
import MaxIR

extension XGBoost {
    /// The categories of one column, in the order of their codes.
    enum Categories {
        case texts([Text])
        case integers([Int64])

        /// The columns of `model.cats` that have categories, by position.
        static func read(_ model: Field, _ learner: Learner) throws(MaxError) -> [Int: Categories] {
            guard let cats = try model.optional("cats"), let encoders = try cats.optional("enc") else { return [:] }
            let columns = try encoders.elements()
            if !columns.isEmpty { try encoders.check(columns.count, learner.featureCount) }
            var out: [Int: Categories] = [:]
            for (index, column) in columns.enumerated() {
                let categories: Categories
                if try column.optional("offsets") != nil {
                    categories = .texts(try texts(column, learner.version))
                } else {
                    categories = .integers(try integers(column))
                }
                guard categories.count <= 1 << 24 else {
                    throw MaxError(
                        .limitExceeded, "xgboost: \(column.path): \(categories.count) categories, at most 16777216")
                }
                if categories.count > 0 { out[index] = categories }
            }
            return out
        }

        var count: Int {
            switch self {
            case .texts(let texts): texts.count
            case .integers(let integers): integers.count
            }
        }

        private static func texts(_ column: Field, _ version: (Int, Int)) throws(MaxError) -> [Text] {
            let field = try column.member("offsets")
            let offsets = try field.integers()
            let values = try column.member("values")
            let bytes = try values.integers()
            // Releases before 3.4 count characters where they mean bytes, and cut the end off: such texts are lost.
            guard version >= (3, 4) || bytes.allSatisfy({ $0 >= 0 && $0 < 128 }) else {
                throw MaxError(
                    .unsupported,
                    "xgboost: \(values.path): categories outside ASCII, which release \(version.0).\(version.1) "
                        + "writes wrongly: train with 3.4 or later, or with integer or ASCII categories")
            }
            var out: [Text] = []
            for (start, end) in zip(offsets, offsets.dropFirst()) {
                guard start >= 0, start <= end, end <= Int64(bytes.count) else {
                    throw MaxError(.malformed, "xgboost: \(field.path): \(start) to \(end) of \(bytes.count) bytes")
                }
                var text: [UInt8] = []
                for byte in bytes[Int(start)..<Int(end)] {
                    // Bytes are written as i8.
                    guard byte >= -128, byte < 256 else {
                        throw MaxError(.malformed, "xgboost: \(values.path): found \(byte), expected a byte")
                    }
                    text.append(UInt8(truncatingIfNeeded: byte))
                }
                out.append(Text(utf8: text))
            }
            return try distinct(out, column)
        }

        private static func integers(_ column: Field) throws(MaxError) -> [Int64] {
            let type = try column.member("type")
            let values = try column.member("values").integers()
            // Unsigned values of 16 bits and more are stored as signed ones of the same width.
            switch try type.integer(0...Int64(Int32.max)) {
            case 9, 10, 11, 13, 15: return try distinct(values, column)
            case 12: return try distinct(values.map { Int64(UInt16(truncatingIfNeeded: $0)) }, column)
            case 14: return try distinct(values.map { Int64(UInt32(truncatingIfNeeded: $0)) }, column)
            case 16:
                guard values.allSatisfy({ $0 >= 0 }) else {
                    throw MaxError(.unsupported, "xgboost: \(column.path): categories of 2^63 and more")
                }
                return try distinct(values, column)
            default:
                throw MaxError(
                    .unsupported, "xgboost: \(type.path): categories of this type, expected integers or texts")
            }
        }

        private static func distinct<T: Hashable>(_ values: [T], _ column: Field) throws(MaxError) -> [T] {
            guard Set(values).count == values.count else {
                throw MaxError(.malformed, "xgboost: \(column.path): a category stands twice")
            }
            return values
        }
    }

    /// The inputs of a model as the columns of one f32 matrix.
    static func columns(
        _ learner: Learner, _ categories: [Int: Categories], _ builder: inout GraphBuilder
    ) throws(MaxError) -> ValueID {
        let keys = categories.mapValues { known -> CategoryKeys in
            switch known {
            case .texts(let texts): .texts(texts)
            case .integers(let integers): .integers(integers)
            }
        }
        return try FeatureColumns(names: learner.featureNames, categories: keys, element: .f32).matrix(&builder)
    }
}
