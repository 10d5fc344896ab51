/// Operators that pick elements by position.
extension Ops {
    public static let gather = Operator(
        "gather", "Slices of `x` along `axis` at `indices`; negative indices count from the end. Source: ONNX Gather.",
        operands: [.one("x", .all), .one("indices", [.i64, .i32])], attributes: [.defaulted("axis", .int(0))],
        onnx: ONNXMapping("Gather", since: 1),
        infer: { node throws(MaxError) in
            let (x, indices) = (try node.tensorType(0), try node.tensorType(1))
            guard let shape = x.shape, let chosen = indices.shape else { return [.tensor(TensorType(x.element, nil))] }
            let axis = try Axis.resolve(try node.int("axis"), rank: shape.count)
            return [.tensor(TensorType(x.element, Array(shape[..<axis]) + chosen + Array(shape[(axis + 1)...])))]
        },
        evaluate: { node throws(MaxError) in
            let (x, indices) = (try node.tensor(0), try node.tensor(1))
            let axis = try Axis.resolve(try node.int("axis"), rank: x.rank)
            let chosen = try Selecting.indices(node, indices, extent: x.shape[axis])
            let outer = x.shape[..<axis].reduce(1, *)
            let inner = x.shape[(axis + 1)...].reduce(1, *)
            let shape = Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...])
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            var picked: [Int] = []
            for o in 0..<outer {
                for i in chosen { let start = (o * x.shape[axis] + i) * inner; picked.append(contentsOf: start..<(start + inner)) }
            }
            return [.tensor(Tensor(unchecked: x.storage.picking(picked), shape: shape))]
        })

    public static let gatherElements = Operator(
        "gather_elements",
        "For every position of `indices`, the element of `x` whose coordinate along `axis` it gives. Source: ONNX GatherElements.",
        operands: [.one("x", .all), .one("indices", [.i64, .i32])], attributes: [.defaulted("axis", .int(0))],
        onnx: ONNXMapping("GatherElements", since: 11),
        infer: { node throws(MaxError) in
            [.tensor(TensorType(try node.tensorType(0).element, try node.tensorType(1).shape))]
        },
        evaluate: { node throws(MaxError) in
            let (x, indices) = (try node.tensor(0), try node.tensor(1))
            let axis = try Axis.resolve(try node.int("axis"), rank: x.rank)
            guard indices.rank == x.rank, indices.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= x.shape[$0] }) else {
                throw node.malformed("indices of shape \(indices.shape) for \(x.shape)")
            }
            let chosen = try Selecting.indices(node, indices, extent: x.shape[axis])
            var strides = Shaping.strides(x.shape)
            let along = strides[axis]
            strides[axis] = 0
            let base = Shaping.positions(indices.shape, strides: strides)
            let picked = zip(base, chosen).map { $0 + $1 * along }
            return [.tensor(Tensor(unchecked: x.storage.picking(picked), shape: indices.shape))]
        })

    public static let slice = Operator(
        "slice", "Elements from `starts` up to `ends` along `axes`, every `steps`-th. Source: ONNX Slice.",
        operands: [
            .one("x", .all), .one("starts", [.i64, .i32]), .one("ends", [.i64, .i32]), .optional("axes", [.i64, .i32]),
            .optional("steps", [.i64, .i32]),
        ],
        onnx: ONNXMapping("Slice", since: 10),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape else { return [.tensor(x)] }
            guard let starts = Selecting.constant(node, 1), let ends = Selecting.constant(node, 2),
                !node.has(3) || node.constant(3) != nil, !node.has(4) || node.constant(4) != nil
            else { return [.tensor(TensorType(x.element, shape.map { _ in .unknown }))] }
            var out = shape
            let axes = try Selecting.sliceAxes(Selecting.constant(node, 3), count: starts.count, rank: shape.count)
            let steps = Selecting.constant(node, 4) ?? Array(repeating: 1, count: starts.count)
            guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
                throw MaxError(.malformed, "\(starts.count) starts, \(ends.count) ends, \(axes.count) axes, \(steps.count) steps")
            }
            for (i, axis) in axes.enumerated() {
                if let extent = shape[axis].fixed {
                    out[axis] = .fixed(try Selecting.sliced(extent, starts[i], ends[i], steps[i]).count)
                } else if !(starts[i] == 0 && steps[i] == 1 && ends[i] >= Int64(Int32.max)) {
                    out[axis] = .unknown
                }
            }
            return [.tensor(TensorType(x.element, out))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let starts = try Selecting.integers(try node.tensor(1)), ends = try Selecting.integers(try node.tensor(2))
            let axes = try Selecting.sliceAxes(try node.optionalTensor(3).map(Selecting.integers), count: starts.count, rank: x.rank)
            let steps = try node.optionalTensor(4).map(Selecting.integers) ?? Array(repeating: 1, count: starts.count)
            guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
                throw node.malformed("\(starts.count) starts, \(ends.count) ends, \(axes.count) axes, \(steps.count) steps")
            }
            var strides = Shaping.strides(x.shape)
            var shape = x.shape
            var start = 0
            for (i, axis) in axes.enumerated() {
                let run = try Selecting.sliced(x.shape[axis], starts[i], ends[i], steps[i])
                shape[axis] = run.count
                start += run.first * strides[axis]
                strides[axis] *= run.step
            }
            return [.tensor(Tensor(unchecked: x.storage.picking(Shaping.positions(shape, strides: strides, start: start)), shape: shape))]
        })

    public static let split = Operator(
        "split", "Parts of `x` along `axis`, of the sizes in `split` or of equal ones. Source: ONNX Split.",
        operands: [.one("x", .all), .optional("split", [.i64])],
        attributes: [.defaulted("axis", .int(0)), .optional("num_outputs", .int)], results: .upTo(1 << 10),
        onnx: ONNXMapping("Split", since: 13),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape else { return Array(repeating: .tensor(x), count: node.resultCount) }
            let axis = try Axis.resolve(try node.int("axis"), rank: shape.count)
            var sizes: [Int]?
            if let extent = shape[axis].fixed, !node.has(1) || node.constant(1) != nil {
                sizes = try Selecting.parts(extent, node.constant(1)?.values(), node.resultCount)
            }
            return (0..<node.resultCount).map { i in
                var out = shape
                out[axis] = sizes.map { .fixed($0[i]) } ?? .unknown
                return .tensor(TensorType(x.element, out))
            }
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let axis = try Axis.resolve(try node.int("axis"), rank: x.rank)
            let sizes = try Selecting.parts(x.shape[axis], node.has(1) ? try node.values(1) : nil, node.resultCount)
            let strides = Shaping.strides(x.shape)
            var first = 0
            return sizes.map { size in
                var shape = x.shape
                shape[axis] = size
                let positions = Shaping.positions(shape, strides: strides, start: first * strides[axis])
                first += size
                return .tensor(Tensor(unchecked: x.storage.picking(positions), shape: shape))
            }
        })

    static let selecting = [gather, gatherElements, slice, split]
}

enum Selecting {
    static func integers(_ tensor: Tensor) throws(MaxError) -> [Int64] {
        switch tensor.storage {
        case .i64(let a): a
        case .i32(let a): a.map { Int64($0) }
        default: throw MaxError(.malformed, "indices are \(tensor.elementType), expected i64 or i32")
        }
    }

    static func constant(_ node: Inference, _ index: Int) -> [Int64]? {
        node.constant(index).flatMap { try? integers($0) }
    }

    static func indices(_ node: Evaluation, _ tensor: Tensor, extent: Int) throws(MaxError) -> [Int] {
        var out: [Int] = []
        for index in try integers(tensor) {
            let resolved = index < 0 ? index.addingReportingOverflow(Int64(extent)).partialValue : index
            guard resolved >= 0, resolved < Int64(extent) else {
                throw node.malformed("index \(index), expected \(-extent) to \(extent - 1)")
            }
            out.append(Int(resolved))
        }
        return out
    }

    static func sliceAxes(_ axes: [Int64]?, count: Int, rank: Int) throws(MaxError) -> [Int] {
        guard let axes else {
            guard count <= rank else { throw MaxError(.malformed, "\(count) starts for rank \(rank)") }
            return Array(0..<count)
        }
        return try Axis.resolve(axes, rank: rank)
    }

    /// The run of positions that ONNX's clamping rules select.
    static func sliced(_ extent: Int, _ start: Int64, _ end: Int64, _ step: Int64) throws(MaxError) -> (first: Int, count: Int, step: Int) {
        guard step != 0, let stride = Int(exactly: step), step != Int64.min else { throw MaxError(.malformed, "slice step \(step)") }
        let n = Int64(extent)
        func wrap(_ value: Int64) -> Int64 { value < 0 ? value.addingReportingOverflow(n).partialValue : value }
        let lower: Int64 = step > 0 ? 0 : -1
        let upper = step > 0 ? n : n - 1
        let first = min(max(start < -n ? lower : wrap(start), step > 0 ? 0 : -1), upper)
        let last = min(max(end < -n ? lower : wrap(end), lower), step > 0 ? n : n - 1)
        let count: Int64 = step > 0 ? (last - first + step - 1) / step : (first - last - step - 1) / -step
        return (Int(max(first, 0)), Int(max(count, 0)), stride)
    }

    static func parts(_ extent: Int, _ given: [Int64]?, _ count: Int) throws(MaxError) -> [Int] {
        if let given {
            let sizes = given.compactMap { Int(exactly: $0) }
            guard sizes.count == count, sizes.allSatisfy({ $0 >= 0 && $0 <= extent }), sizes.reduce(0, &+) == extent else {
                throw MaxError(.malformed, "split \(given) of extent \(extent) into \(count)")
            }
            return sizes
        }
        let size = (extent + count - 1) / count
        return (0..<count).map { max(0, min(size, extent - $0 * size)) }
    }
}
