/// Padding, and moving blocks between depth and space.
extension Ops {
    /// - Operand `pads`: for each axis (or each of `axes`) what comes before, then for each what comes after;
    ///   negative numbers cut.
    public static let pad = Operator(
        "pad", "x with borders, of one value or by `mode` (constant, reflect, edge, wrap). Source: ONNX Pad.",
        operands: [.one("x", .all), .one("pads", [.i64]), .optional("value", .all), .optional("axes", [.i64, .i32])],
        attributes: [.defaulted("mode", .string("constant"))], onnx: ONNXMapping("Pad", since: 11),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard PadMode(rawValue: try node.string("mode").string) != nil else {
                throw MaxError(.malformed, "mode: found \(try node.string("mode").quoted), expected constant, reflect, edge or wrap")
            }
            if let value = node.optionalTensorType(2), value.element != x.element {
                throw MaxError(.malformed, "operands are \(x) and \(value), expected one element type")
            }
            guard let shape = x.shape else { return [.tensor(x)] }
            guard let pads = Selecting.constant(node, 1), !node.has(3) || node.constant(3) != nil else {
                return [.tensor(TensorType(x.element, shape.map { _ in .unknown }))]
            }
            let borders = try borders(pads, Selecting.constant(node, 3), rank: shape.count)
            var out = shape
            for (axis, border) in borders.enumerated() where border != (0, 0) {
                guard let extent = shape[axis].fixed else {
                    out[axis] = .unknown
                    continue
                }
                out[axis] = .fixed(try padded(extent, border))
            }
            return [.tensor(TensorType(x.element, out))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard let mode = PadMode(rawValue: try node.string("mode").string) else { throw node.malformed("mode") }
            var axes: [Int64]?
            if node.has(3) { axes = try Selecting.integers(try node.tensor(3)) }
            let borders = try borders(try node.values(1), axes, rank: x.rank)
            var shape: [Int] = []
            for (extent, border) in zip(x.shape, borders) { shape.append(try padded(extent, border)) }
            let count = try elementCount(of: shape, limit: Limits.evaluatedElements)
            var filler =
                x.elementType == .string ? TensorStorage.string([""]) : try Cast.convert(Tensor([Int64(0)]), to: x.elementType).storage
            if let value = node.optionalTensor(2) {
                guard value.count == 1 else { throw node.malformed("value has \(value.count) elements, expected 1") }
                filler = value.storage
            }
            guard let all = x.storage.appending([filler]) else { throw node.malformed("operands of different element types") }
            let (from, to) = (Shaping.strides(x.shape), Shaping.strides(shape))
            var picked: [Int] = []
            picked.reserveCapacity(count)
            for position in 0..<count {
                var source: Int? = 0
                for axis in shape.indices {
                    let coordinate = position / to[axis] % shape[axis] - borders[axis].before
                    guard let found = mode.source(coordinate, extent: x.shape[axis]), let sum = source else {
                        source = nil
                        break
                    }
                    source = sum + found * from[axis]
                }
                guard source != nil || mode == .constant else { throw node.malformed("mode \(mode.rawValue) of an empty axis") }
                picked.append(source ?? x.count)
            }
            return [.tensor(Tensor(unchecked: all.picking(picked), shape: shape))]
        })

    public static let depthToSpace = blocks(
        "depth_to_space", "Channels spread over blocks of the last two axes, in DCR or CRD order. Source: ONNX DepthToSpace.",
        "DepthToSpace", since: 11, toSpace: true)
    public static let spaceToDepth = blocks(
        "space_to_depth", "Blocks of the last two axes stacked as channels, in DCR or CRD order. Source: ONNX SpaceToDepth.",
        "SpaceToDepth", since: 1, toSpace: false)

    static let padding = [pad, depthToSpace, spaceToDepth]

    private static func borders(_ pads: [Int64], _ axes: [Int64]?, rank: Int) throws(MaxError) -> [(before: Int, after: Int)] {
        let chosen = try axes.map { axes throws(MaxError) in try Axis.resolve(axes, rank: rank) } ?? Array(0..<rank)
        let limit = Int64(Limits.evaluatedElements)
        guard pads.count == 2 * chosen.count, pads.allSatisfy({ $0 >= -limit && $0 <= limit }) else {
            throw MaxError(.malformed, "pads \(pads) for \(chosen.count) axes")
        }
        var out = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
        for (position, axis) in chosen.enumerated() { out[axis] = (Int(pads[position]), Int(pads[chosen.count + position])) }
        return out
    }

    private static func padded(_ extent: Int, _ border: (before: Int, after: Int)) throws(MaxError) -> Int {
        let sum = try extent.adding(border.before + border.after, "pads")
        guard sum >= 0 else { throw MaxError(.malformed, "pads \(border.before) and \(border.after) of extent \(extent)") }
        return sum
    }

    private static func blocks(_ name: String, _ summary: String, _ onnx: String, since: Int, toSpace: Bool) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .all)],
            attributes: [.required("blocksize", .int), .defaulted("mode", .string("DCR"))], onnx: ONNXMapping(onnx, since: since),
            infer: { node throws(MaxError) in
                let x = try node.tensorType(0)
                guard ["DCR", "CRD"].contains(try node.string("mode").string) else {
                    throw MaxError(.malformed, "mode: expected DCR or CRD")
                }
                guard let shape = x.shape else { return [.tensor(x)] }
                guard let fixed = x.fixedShape else {
                    guard shape.count == 4 else { throw MaxError(.malformed, "operand is \(x), expected rank 4") }
                    _ = try Blocks(node, [1, 1, 1, 1], toSpace: toSpace, checks: false)
                    return [.tensor(TensorType(x.element, [shape[0], .unknown, .unknown, .unknown]))]
                }
                return [.tensor(TensorType(x.element, try Blocks(node, fixed, toSpace: toSpace).result.map { .fixed($0) }))]
            },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                let blocks = try Blocks(node, x.shape, toSpace: toSpace)
                let strides = Shaping.strides(blocks.split)
                let positions = Shaping.positions(blocks.order.map { blocks.split[$0] }, strides: blocks.order.map { strides[$0] })
                return [.tensor(Tensor(unchecked: x.storage.picking(positions), shape: blocks.result))]
            })
    }
}

private enum PadMode: String {
    case constant, reflect, edge, wrap

    /// The coordinate that stands at `coordinate`, which may lie outside; nil for the constant.
    func source(_ coordinate: Int, extent: Int) -> Int? {
        if coordinate >= 0, coordinate < extent { return coordinate }
        guard extent > 0 else { return nil }
        switch self {
        case .constant: return nil
        case .edge: return coordinate < 0 ? 0 : extent - 1
        case .wrap: return (coordinate % extent + extent) % extent
        case .reflect:
            guard extent > 1 else { return 0 }
            let period = 2 * (extent - 1)
            let place = (coordinate % period + period) % period
            return place < extent ? place : period - place
        }
    }
}

/// A permutation of six axes: the operand split, the order they are read in, the shape of the result.
private struct Blocks {
    let split: [Int]
    let order: [Int]
    let result: [Int]

    init(_ node: some OperatorNode, _ shape: [Int], toSpace: Bool, checks: Bool = true) throws(MaxError) {
        guard let size = Int(exactly: try node.int("blocksize")), size >= 1, size <= 1 << 15, shape.count == 4 else {
            throw MaxError(.malformed, "blocksize \(try node.int("blocksize")) of shape \(shape)")
        }
        let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
        let isDCR = try node.string("mode") == "DCR"
        if toSpace {
            guard !checks || c % (size * size) == 0 else { throw MaxError(.malformed, "\(c) channels in blocks of \(size)") }
            let depth = c / (size * size)
            split = isDCR ? [n, size, size, depth, h, w] : [n, depth, size, size, h, w]
            order = isDCR ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]
            result = [n, depth, try h.multiplied(by: size, "blocksize"), try w.multiplied(by: size, "blocksize")]
        } else {
            guard !checks || (h % size == 0 && w % size == 0) else { throw MaxError(.malformed, "shape \(shape) in blocks of \(size)") }
            split = [n, c, h / size, size, w / size, size]
            order = isDCR ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]
            result = [n, try c.multiplied(by: size * size, "blocksize"), h / size, w / size]
        }
    }
}
