/// Operators that write to or read from places that other operands name.
extension Ops {
    public static let scatterElements = Operator(
        "scatter_elements",
        "x with `updates` put at `indices` along `axis`, by `reduction` (none, add, mul, max, min). Source: ONNX ScatterElements.",
        operands: [.one("x", .all), .one("indices", [.i64, .i32]), .one("updates", .all)],
        attributes: [.defaulted("axis", .int(0)), .defaulted("reduction", .string("none"))],
        onnx: ONNXMapping("ScatterElements", since: 11), infer: inferScatter,
        evaluate: { node throws(MaxError) in
            let (x, indices, updates) = (try node.tensor(0), try node.tensor(1), try node.tensor(2))
            let axis = try Axis.resolve(try node.int("axis"), rank: x.rank)
            guard indices.rank == x.rank, indices.shape == updates.shape,
                indices.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= x.shape[$0] })
            else { throw node.malformed("indices of shape \(indices.shape) and updates of shape \(updates.shape) for \(x.shape)") }
            let chosen = try Selecting.indices(node, indices, extent: x.shape[axis])
            var strides = Shaping.strides(x.shape)
            let along = strides[axis]
            strides[axis] = 0
            let slots = zip(Shaping.positions(indices.shape, strides: strides), chosen).map { $0 + $1 * along }
            return [.tensor(try scattered(node, x, updates, slots))]
        })

    public static let scatterND = Operator(
        "scatter_nd",
        "x with slices of `updates` put where the last extent of `indices` points, by `reduction`. Source: ONNX ScatterND.",
        operands: [.one("x", .all), .one("indices", [.i64]), .one("updates", .all)],
        attributes: [.defaulted("reduction", .string("none"))], onnx: ONNXMapping("ScatterND", since: 11),
        infer: inferScatter,
        evaluate: { node throws(MaxError) in
            let (x, indices, updates) = (try node.tensor(0), try node.tensor(1), try node.tensor(2))
            let (starts, depth) = try sliceStarts(node, x.shape, indices, batch: 0)
            let inner = x.shape[depth...].reduce(1, *)
            guard updates.shape == Array(indices.shape.dropLast()) + Array(x.shape[depth...]) else {
                throw node.malformed("updates of shape \(updates.shape) for indices \(indices.shape) of \(x.shape)")
            }
            return [.tensor(try scattered(node, x, updates, starts.flatMap { $0..<($0 + inner) }))]
        })

    public static let gatherND = Operator(
        "gather_nd", "The slices of x that the last extent of `indices` points to. Source: ONNX GatherND.",
        operands: [.one("x", .all), .one("indices", [.i64])], attributes: [.defaulted("batch_dims", .int(0))],
        onnx: ONNXMapping("GatherND", since: 11),
        infer: { node throws(MaxError) in
            let (x, indices) = (try node.tensorType(0), try node.tensorType(1))
            let batch = try node.int("batch_dims")
            guard batch >= 0, batch < Int64(Limits.rank) else { throw MaxError(.malformed, "batch_dims: found \(batch)") }
            guard let shape = x.shape, let places = indices.shape, let last = places.last?.fixed else {
                return [.tensor(TensorType(x.element, nil))]
            }
            guard last >= 1, last + Int(batch) <= shape.count, Int(batch) < places.count else {
                throw MaxError(.malformed, "indices are \(indices) for \(x)")
            }
            let out = Array(places.dropLast()) + Array(shape[(last + Int(batch))...])
            guard out.count <= Limits.rank else { throw MaxError(.limitExceeded, "rank \(out.count), at most \(Limits.rank)") }
            return [.tensor(TensorType(x.element, out))]
        },
        evaluate: { node throws(MaxError) in
            let (x, indices) = (try node.tensor(0), try node.tensor(1))
            guard let batch = Int(exactly: try node.int("batch_dims")), batch >= 0 else { throw node.malformed("batch_dims") }
            let (starts, depth) = try sliceStarts(node, x.shape, indices, batch: batch)
            let inner = x.shape[depth...].reduce(1, *)
            let shape = Array(indices.shape.dropLast()) + Array(x.shape[depth...])
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            return [.tensor(Tensor(unchecked: x.storage.picking(starts.flatMap { $0..<($0 + inner) }), shape: shape))]
        })

    static let scattering = [scatterElements, scatterND, gatherND]

    private static func inferScatter(_ node: Inference) throws(MaxError) -> [ValueType] {
        let (x, updates) = (try node.tensorType(0), try node.tensorType(2))
        guard x.element == updates.element else {
            throw MaxError(.malformed, "operands are \(x) and \(updates), expected one element type")
        }
        let reduction = try node.string("reduction").string
        guard ["none", "add", "mul", "max", "min"].contains(reduction), reduction == "none" || x.element.isNumeric else {
            throw MaxError(.malformed, "reduction '\(reduction)' of \(x), expected none, or for numbers add, mul, max or min")
        }
        return [.tensor(x)]
    }

    /// Where each slice that `indices` points to starts, and how many leading extents of `shape` it fixes.
    private static func sliceStarts(
        _ node: Evaluation, _ shape: [Int], _ indices: Tensor, batch: Int
    ) throws(MaxError) -> (starts: [Int], depth: Int) {
        guard let last = indices.shape.last, last >= 1, batch < indices.rank, last + batch <= shape.count,
            indices.shape[..<batch] == shape[..<batch], let values = indices.values(as: Int64.self)
        else { throw node.malformed("indices of shape \(indices.shape) for \(shape)") }
        let strides = Shaping.strides(shape)
        let perBatch = indices.shape[batch...].dropLast().reduce(1, *)
        let batchSize = shape[batch...].reduce(1, *)
        var starts: [Int] = []
        for slice in 0..<(values.count / last) {
            var position = slice / max(perBatch, 1) * batchSize
            for axis in 0..<last {
                let (extent, given) = (shape[batch + axis], values[slice * last + axis])
                guard given >= -Int64(extent), given < Int64(extent) else {
                    throw node.malformed("index \(given), expected \(-extent) to \(extent - 1)")
                }
                position += Int(given < 0 ? given + Int64(extent) : given) * strides[batch + axis]
            }
            starts.append(position)
        }
        return (starts, batch + last)
    }

    private static func scattered(_ node: Evaluation, _ x: Tensor, _ updates: Tensor, _ slots: [Int]) throws(MaxError) -> Tensor {
        let reduction = try node.string("reduction").string
        if reduction == "none" {
            guard let both = x.storage.appending([updates.storage]) else { throw node.malformed("operands of different element types") }
            var from = Array(0..<x.count)
            for (position, slot) in slots.enumerated() { from[slot] = x.count + position }
            return Tensor(unchecked: both.picking(from), shape: x.shape)
        }
        guard let storage = try x.storage.numbers(ScatterBody(updates: updates, slots: slots, reduction: reduction)) else {
            throw node.malformed("operand is \(x.type)")
        }
        return Tensor(unchecked: storage, shape: x.shape)
    }
}

private struct ScatterBody: NumberBody {
    let updates: Tensor
    let slots: [Int]
    let reduction: String
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        guard let updates = E.unwrap(updates.storage) else { throw MaxError(.malformed, "updates are \(updates.type)") }
        var out = values
        for (slot, update) in zip(slots, updates) {
            switch reduction {
            case "add": out[slot] = E.adding(out[slot], update)
            case "mul": out[slot] = E.multiplying(out[slot], update)
            case "max": out[slot] = max(out[slot], update)
            default: out[slot] = min(out[slot], update)
            }
        }
        return E.wrap(out)
    }
}
