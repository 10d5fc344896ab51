import Glibc

extension Ops {
    public static let scaler = Operator(
        "scaler", "(x - offset) · scale per column, or with one offset and scale for all, in f32. Source: ai.onnx.ml Scaler.",
        operands: [.one("x", Rows.numeric)], attributes: [.required("offset", .floats), .required("scale", .floats)],
        onnx: .ml("Scaler", since: 1),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            let (offset, scale) = (try node.floats("offset").count, try node.floats("scale").count)
            guard offset == scale, offset >= 1 else {
                throw MaxError(.malformed, "\(offset) offsets and \(scale) scales, expected as many")
            }
            if let width = x.shape?.last?.fixed, offset != 1, offset != width {
                throw MaxError(.malformed, "\(offset) offsets for \(width) columns")
            }
            return [.tensor(TensorType(.f32, x.shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let (offset, scale) = (try node.floats("offset").map { Float($0) }, try node.floats("scale").map { Float($0) })
            guard offset.count == 1 || offset.count == x.shape.last else {
                throw node.malformed("\(offset.count) offsets for shape \(x.shape)")
            }
            let out = try Rows.floats(node).enumerated().map { ($1 - offset[$0 % offset.count]) * scale[$0 % scale.count] }
            return [.tensor(Tensor(out, shape: x.shape))]
        })

    public static let imputer = Operator(
        "imputer",
        "Elements equal to the replaced value (NaN equals NaN) become the imputed value of their column. Source: ai.onnx.ml Imputer.",
        operands: [.one("x", Rows.numeric)],
        attributes: [
            .optional("imputed_value_floats", .floats), .optional("imputed_value_int64s", .ints),
            .defaulted("replaced_value_float", .float(0)), .defaulted("replaced_value_int64", .int(0)),
        ],
        onnx: .ml("Imputer", since: 1),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            let count =
                x.element.isFloat ? node.optionalFloats("imputed_value_floats")?.count : node.optionalInts("imputed_value_int64s")?.count
            guard let count, count >= 1 else { throw MaxError(.malformed, "imputed values for \(x) are missing") }
            if let width = x.shape?.last?.fixed, count != 1, count != width {
                throw MaxError(.malformed, "\(count) imputed values for \(width) columns")
            }
            return [.tensor(x)]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let width = x.shape.last ?? 1
            func column(_ index: Int, _ count: Int) throws(MaxError) -> Int {
                guard count == 1 || count == width else { throw node.malformed("\(count) imputed values for \(width) columns") }
                return count == 1 ? 0 : index % width
            }
            if x.elementType.isFloat {
                let values = try node.floats("imputed_value_floats")
                let replaced = try node.float("replaced_value_float")
                _ = try column(0, values.count)
                switch x.storage {
                case .f64(let a):
                    return [
                        .tensor(
                            Tensor(
                                a.enumerated().map {
                                    $1 == replaced || ($1.isNaN && replaced.isNaN) ? values[values.count == 1 ? 0 : $0 % width] : $1
                                }, shape: x.shape))
                    ]
                default:
                    let (narrow, key) = (values.map { Float($0) }, Float(replaced))
                    return [
                        .tensor(
                            Tensor(
                                try Rows.floats(node).enumerated().map {
                                    $1 == key || ($1.isNaN && key.isNaN) ? narrow[narrow.count == 1 ? 0 : $0 % width] : $1
                                }, shape: x.shape))
                    ]
                }
            }
            let values = try node.ints("imputed_value_int64s")
            let replaced = try node.int("replaced_value_int64")
            _ = try column(0, values.count)
            let wide = try Cast.convert(x, to: .i64).values(as: Int64.self) ?? []
            let out = wide.enumerated().map { $1 == replaced ? values[values.count == 1 ? 0 : $0 % width] : $1 }
            return [.tensor(try Cast.convert(Tensor(out, shape: x.shape), to: x.elementType))]
        })

    public static let normalizer = Operator(
        "normalizer",
        "Rows divided by their norm: MAX, L1 (sum of magnitudes) or L2; a zero norm leaves the row. In f32. Source: ai.onnx.ml Normalizer.",
        operands: [.one("x", Rows.numeric)], attributes: [.defaulted("norm", .string("MAX"))], onnx: .ml("Normalizer", since: 1),
        infer: { node throws(MaxError) in
            guard ["MAX", "L1", "L2"].contains(try node.string("norm").string) else {
                throw MaxError(.malformed, "norm: found \(try node.string("norm").quoted), expected MAX, L1 or L2")
            }
            return [.tensor(TensorType(.f32, try node.tensorType(0).shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let norm = try node.string("norm").string
            var out = try Rows.floats(node)
            for lane in Lanes(x.shape, [x.rank - 1]).all {
                switch norm {
                case "MAX":
                    let top = lane.map { out[$0] }.reduce(-.greatestFiniteMagnitude, max)
                    if top != 0 { for i in lane { out[i] /= top } }
                case "L1":
                    let total = lane.reduce(Float(0)) { $0 + abs(out[$1]) }
                    if total != 0 { for i in lane { out[i] /= total } }
                default:
                    let total = lane.reduce(Float(0)) { $0 + out[$1] * out[$1] }
                    if total != 0 {
                        for i in lane {
                            let x = out[i]
                            let y = (x * x / total).squareRoot()
                            out[i] = x < 0 ? -y : y
                        }
                    }
                }
            }
            return [.tensor(Tensor(out, shape: x.shape))]
        })

    public static let binarizer = Operator(
        "binarizer", "1 where x > threshold, else 0. Source: ai.onnx.ml Binarizer.",
        operands: [.one("x", Rows.numeric)], attributes: [.defaulted("threshold", .float(0))], onnx: .ml("Binarizer", since: 1),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let threshold = try node.float("threshold")
            let flags = (try x.storage.numbers(DoublesBody()) ?? []).map { $0 > threshold ? 1.0 : 0.0 }
            return [.tensor(try Cast.convert(Tensor(flags, shape: x.shape), to: x.elementType))]
        })

    static let scaling = [scaler, imputer, normalizer, binarizer]
}
