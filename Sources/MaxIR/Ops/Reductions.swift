import Glibc

/// Reductions along axes, in row-major order of the reduced elements, in the type of the operand
/// (f16 and bf16 through f32).
extension Ops {
    static let reductions: [Operator] = [
        reduce("reduce_sum", "Sum.", "ReduceSum", 13) {
            $0.reduce(0, +)
        } f32: {
            $0.reduce(0, +)
        },
        reduce("reduce_mean", "Sum divided by the number of elements.", "ReduceMean", 18) {
            $0.reduce(0, +) / Double($0.count)
        } f32: {
            $0.reduce(0, +) / Float($0.count)
        },
        reduce("reduce_prod", "Product.", "ReduceProd", 18) {
            $0.reduce(1, *)
        } f32: {
            $0.reduce(1, *)
        },
        reduce("reduce_max", "Largest element; NaN if any is.", "ReduceMax", 18, extreme) {
            largest($0)
        } f32: {
            largest($0)
        },
        reduce("reduce_min", "Smallest element; NaN if any is.", "ReduceMin", 18, extreme) {
            -largest($0.map { -$0 })
        } f32: {
            -largest($0.map { -$0 })
        },
        reduce("reduce_l1", "Sum of magnitudes.", "ReduceL1", 18) {
            $0.reduce(0) { $0 + abs($1) }
        } f32: {
            $0.reduce(0) { $0 + abs($1) }
        },
        reduce("reduce_l2", "Square root of the sum of squares.", "ReduceL2", 18) {
            $0.reduce(0) { $0 + $1 * $1 }.squareRoot()
        } f32: {
            $0.reduce(0) { $0 + $1 * $1 }.squareRoot()
        },
        reduce("reduce_sum_square", "Sum of squares.", "ReduceSumSquare", 18) {
            $0.reduce(0) { $0 + $1 * $1 }
        } f32: {
            $0.reduce(0) { $0 + $1 * $1 }
        },
        reduce("reduce_log_sum", "Logarithm of the sum.", "ReduceLogSum", 18) {
            Glibc.log($0.reduce(0, +))
        } f32: {
            logf($0.reduce(0, +))
        },
        reduce("reduce_log_sum_exp", "Logarithm of the sum of exponentials.", "ReduceLogSumExp", 18) { values in
            let top = largest(values)
            guard top.isFinite else { return top }
            return top + Glibc.log(values.reduce(0) { $0 + Glibc.exp($1 - top) })
        } f32: { values in
            let top = largest(values)
            guard top.isFinite else { return top }
            return top + logf(values.reduce(0) { $0 + expf($1 - top) })
        },
        arg("arg_max", "Position of the largest element along `axis`, the first unless `select_last_index`. Source: ONNX ArgMax.", "ArgMax")
        { $0 > $1 },
        arg(
            "arg_min", "Position of the smallest element along `axis`, the first unless `select_last_index`. Source: ONNX ArgMin.", "ArgMin"
        ) { $0 < $1 },
        topK,
        normalized("softmax", "e^(x - max) over its sum along `axis`. Source: ONNX Softmax.", "Softmax") { values in
            let top = largest(values)
            let powers = values.map { Glibc.exp($0 - top) }
            let total = powers.reduce(0, +)
            return powers.map { $0 / total }
        } f32: { values in
            let top = largest(values)
            let powers = values.map { expf($0 - top) }
            let total = powers.reduce(0, +)
            return powers.map { $0 / total }
        },
        normalized("log_softmax", "Logarithm of softmax along `axis`. Source: ONNX LogSoftmax.", "LogSoftmax") { values in
            let top = largest(values)
            let total = Glibc.log(values.reduce(0) { $0 + Glibc.exp($1 - top) })
            return values.map { $0 - top - total }
        } f32: { values in
            let top = largest(values)
            let total = logf(values.reduce(0) { $0 + expf($1 - top) })
            return values.map { $0 - top - total }
        },
        normalized("hardmax", "1 at the first largest element along `axis`, else 0. Source: ONNX Hardmax.", "Hardmax") { values in
            let top = values.firstIndex(of: largest(values))
            return values.indices.map { $0 == top ? 1 : 0 }
        } f32: { values in
            let top = values.firstIndex(of: largest(values))
            return values.indices.map { $0 == top ? 1 : 0 }
        },
    ]

    public static let topK = Operator(
        "top_k",
        "The `k` largest (or smallest) elements along `axis` and their positions, the earlier first among equals. Source: ONNX TopK.",
        operands: [.one("x", .numeric), .one("k", [.i64])],
        attributes: [.defaulted("axis", .int(-1)), .defaulted("largest", .int(1)), .defaulted("sorted", .int(1))],
        results: .exactly(2), onnx: ONNXMapping("TopK", since: 11),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard var shape = x.shape else { return [.tensor(x), .tensor(TensorType(.i64, nil))] }
            let axis = try Axis.resolve(try node.int("axis"), rank: shape.count)
            shape[axis] = node.constant(1)?.values(as: Int64.self)?.first.map { .fixed(Int($0)) } ?? .unknown
            return [.tensor(TensorType(x.element, shape)), .tensor(TensorType(.i64, shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let axis = try Axis.resolve(try node.int("axis"), rank: x.rank)
            let k = try node.values(1, as: Int64.self).first ?? 0
            guard k >= 0, k <= Int64(x.shape[axis]) else { throw node.malformed("k is \(k), expected 0 to \(x.shape[axis])") }
            let largest = try node.flag("largest")
            let elements = Comparand.all(x.storage)
            let lanes = Lanes(x.shape, [axis])
            var positions: [[Int]] = []
            for lane in lanes.all {
                let order = lane.indices.sorted { a, b in
                    let (p, q) = (elements[lane[a]], elements[lane[b]])
                    if p.isNaN != q.isNaN { return largest ? p.isNaN : q.isNaN }
                    if p < q { return !largest }
                    if q < p { return largest }
                    return a < b
                }
                positions.append(Array(order.prefix(Int(k))))
            }
            var shape = x.shape
            shape[axis] = Int(k)
            let out = Lanes(shape, [axis]).all
            var from = [Int](repeating: 0, count: shape.reduce(1, *))
            var index = [Int64](repeating: 0, count: from.count)
            for (lane, source) in zip(out, zip(lanes.all, positions)) {
                for (slot, position) in zip(lane, source.1) {
                    from[slot] = source.0[position]
                    index[slot] = Int64(position)
                }
            }
            return [
                .tensor(Tensor(unchecked: x.storage.picking(from), shape: shape)), .tensor(Tensor(index, shape: shape)),
            ]
        })

    private static let extreme = true

    static func largest<F: BinaryFloatingPoint>(_ values: some Collection<F>) -> F {
        var best = -F.infinity
        for value in values {
            if value.isNaN { return value }
            if value > best { best = value }
        }
        return best
    }

    private static func reduce(
        _ name: String, _ what: String, _ onnx: String, _ since: Int, _ needsElements: Bool = false,
        _ f64: @escaping @Sendable ([Double]) -> Double, f32: @escaping @Sendable ([Float]) -> Float
    ) -> Operator {
        Operator(
            name, "\(what) Along `axes`, or all of them. Source: ONNX \(onnx).",
            operands: [.one("x", .numericOrBool), .optional("axes", [.i64])],
            attributes: [.defaulted("keepdims", .int(1)), .defaulted("noop_with_empty_axes", .int(0))],
            onnx: ONNXMapping(onnx, since: since),
            infer: { node throws(MaxError) in
                let x = try node.tensorType(0)
                guard let shape = x.shape, !node.has(1) || node.constant(1) != nil else { return [.tensor(TensorType(x.element, nil))] }
                guard let axes = try reducedAxes(node, node.constant(1)?.values(), rank: shape.count) else { return [.tensor(x)] }
                let keep = try node.flag("keepdims")
                let out = shape.indices.compactMap { axes.contains($0) ? (keep ? .fixed(1) : nil) : shape[$0] }
                return [.tensor(TensorType(x.element, out))]
            },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                guard let axes = try reducedAxes(node, node.has(1) ? try node.values(1) : nil, rank: x.rank) else { return [.tensor(x)] }
                let keep = try node.flag("keepdims")
                let shape = x.shape.indices.compactMap { axes.contains($0) ? (keep ? 1 : nil) : x.shape[$0] }
                let lanes = Lanes(x.shape, axes).all
                switch x.storage {
                case .f64(let a): return [.tensor(Tensor(lanes.map { f64($0.map { a[$0] }) }, shape: shape))]
                case .f32(let a): return [.tensor(Tensor(lanes.map { f32($0.map { a[$0] }) }, shape: shape))]
                default:
                    let wide = try Cast.convert(x, to: x.elementType.isFloat ? .f32 : .f64)
                    if let a = wide.values(as: Float.self) {
                        return [.tensor(try Cast.convert(Tensor(lanes.map { f32($0.map { a[$0] }) }, shape: shape), to: x.elementType))]
                    }
                    let a = wide.values(as: Double.self) ?? []
                    return [.tensor(try Cast.convert(Tensor(lanes.map { f64($0.map { a[$0] }) }, shape: shape), to: x.elementType))]
                }
            })
    }

    /// nil when nothing is to be reduced.
    private static func reducedAxes(_ node: some OperatorNode, _ axes: [Int64]?, rank: Int) throws(MaxError) -> [Int]? {
        guard let axes, !axes.isEmpty else {
            return try node.flag("noop_with_empty_axes") ? nil : Array(0..<rank)
        }
        return try Axis.resolve(axes, rank: rank)
    }

    private static func arg(
        _ name: String, _ summary: String, _ onnx: String, _ better: @escaping @Sendable (Comparand, Comparand) -> Bool
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .numeric)],
            attributes: [.defaulted("axis", .int(0)), .defaulted("keepdims", .int(1)), .defaulted("select_last_index", .int(0))],
            onnx: ONNXMapping(onnx, since: 1),
            infer: { node throws(MaxError) in
                guard let shape = try node.tensorType(0).shape else { return [.tensor(TensorType(.i64, nil))] }
                let axis = try Axis.resolve(try node.int("axis"), rank: shape.count)
                let keep = try node.flag("keepdims")
                return [.tensor(TensorType(.i64, shape.indices.compactMap { $0 == axis ? (keep ? .fixed(1) : nil) : shape[$0] }))]
            },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                let axis = try Axis.resolve(try node.int("axis"), rank: x.rank)
                guard x.shape[axis] > 0 || x.count == 0 else { throw node.malformed("axis \(axis) is empty") }
                let (keep, last) = (try node.flag("keepdims"), try node.flag("select_last_index"))
                let elements = Comparand.all(x.storage)
                let out = Lanes(x.shape, [axis]).all.map { lane in
                    var best = 0
                    for i in lane.indices.dropFirst() {
                        let (candidate, champion) = (elements[lane[i]], elements[lane[best]])
                        if champion.isNaN { break }
                        if candidate.isNaN || better(candidate, champion) || (last && candidate == champion) { best = i }
                    }
                    return Int64(best)
                }
                let shape = x.shape.indices.compactMap { $0 == axis ? (keep ? 1 : nil) : x.shape[$0] }
                return [.tensor(Tensor(out, shape: shape))]
            })
    }

    private static func normalized(
        _ name: String, _ summary: String, _ onnx: String, _ f64: @escaping @Sendable ([Double]) -> [Double],
        f32: @escaping @Sendable ([Float]) -> [Float]
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .floats)], attributes: [.defaulted("axis", .int(-1))],
            onnx: ONNXMapping(onnx, since: 13),
            infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                guard x.rank > 0 else { throw node.malformed("operand is a scalar") }
                let lanes = Lanes(x.shape, [try Axis.resolve(try node.int("axis"), rank: x.rank)]).all
                if case .f64(let a) = x.storage {
                    var out = a
                    for lane in lanes { for (slot, value) in zip(lane, f64(lane.map { a[$0] })) { out[slot] = value } }
                    return [.tensor(Tensor(out, shape: x.shape))]
                }
                let a = try Cast.convert(x, to: .f32).values(as: Float.self) ?? []
                var out = a
                for lane in lanes { for (slot, value) in zip(lane, f32(lane.map { a[$0] })) { out[slot] = value } }
                return [.tensor(try Cast.convert(Tensor(out, shape: x.shape), to: x.elementType))]
            })
    }
}

/// The elements of a shape grouped by what is left when some axes are taken away: one list of positions per
/// group, both in row-major order.
struct Lanes {
    let all: [[Int]]

    init(_ shape: [Int], _ axes: [Int]) {
        let strides = Shaping.strides(shape)
        let kept = shape.indices.filter { !axes.contains($0) }
        let reduced = shape.indices.filter { axes.contains($0) }
        let inner = Shaping.positions(reduced.map { shape[$0] }, strides: reduced.map { strides[$0] })
        all = Shaping.positions(kept.map { shape[$0] }, strides: kept.map { strides[$0] }).map { base in
            inner.map { base + $0 }
        }
    }
}

extension Comparand {
    var isNaN: Bool { if case .double(let x) = self { x.isNaN } else { false } }
}
