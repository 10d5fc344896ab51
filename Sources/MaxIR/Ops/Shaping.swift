/// Operators that move elements without changing them.
extension Ops {
    public static let reshape = Operator(
        "reshape", "The same elements under `shape`: 0 keeps an extent unless `allowzero`, -1 is what remains. Source: ONNX Reshape.",
        operands: [.one("x", .all), .one("shape", [.i64])], attributes: [.defaulted("allowzero", .int(0))],
        onnx: ONNXMapping("Reshape", since: 5),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let wanted = node.constant(1)?.values(as: Int64.self) else { return [.tensor(TensorType(x.element, nil))] }
            guard let from = x.shape else {
                return [.tensor(TensorType(x.element, wanted.map { $0 > 0 ? .fixed(Int($0)) : .unknown }))]
            }
            return [.tensor(TensorType(x.element, try Shaping.reshaped(from, wanted, zeroIsZero: try node.flag("allowzero"))))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let shape = try Shaping.reshaped(x.shape, count: x.count, try node.values(1), zeroIsZero: try node.flag("allowzero"))
            return [.tensor(try x.reshaped(shape))]
        })

    public static let flatten = Operator(
        "flatten", "A matrix of the extents before `axis` by those from it on. Source: ONNX Flatten.",
        operands: [.one("x", .all)], attributes: [.defaulted("axis", .int(1))], onnx: ONNXMapping("Flatten", since: 9),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape else { return [.tensor(TensorType(x.element, [.unknown, .unknown]))] }
            let axis = try Axis.resolve(try node.int("axis"), rank: shape.count, inclusive: true)
            return [.tensor(TensorType(x.element, [Shaping.product(shape[..<axis]), Shaping.product(shape[axis...])]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let axis = try Axis.resolve(try node.int("axis"), rank: x.rank, inclusive: true)
            let shape = [x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *)]
            return [.tensor(try x.reshaped(shape))]
        })

    public static let squeeze = Operator(
        "squeeze", "Without the extents of 1 at `axes`, or without any. Source: ONNX Squeeze.",
        operands: [.one("x", .all), .optional("axes", [.i64])], onnx: ONNXMapping("Squeeze", since: 13),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape, !node.has(1) || node.constant(1) != nil else { return [.tensor(TensorType(x.element, nil))] }
            guard let axes = node.constant(1)?.values(as: Int64.self) else {
                guard !shape.contains(where: { $0.fixed == nil }) else { return [.tensor(TensorType(x.element, nil))] }
                return [.tensor(TensorType(x.element, shape.filter { $0 != .fixed(1) }))]
            }
            let dropped = try Axis.resolve(axes, rank: shape.count)
            for axis in dropped where shape[axis].fixed.map({ $0 != 1 }) == true {
                throw MaxError(.malformed, "axis \(axis) of \(x) has extent \(shape[axis]), expected 1")
            }
            return [.tensor(TensorType(x.element, shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let dropped: Set<Int>
            if node.has(1) {
                dropped = Set(try Axis.resolve(try node.values(1, as: Int64.self), rank: x.rank))
            } else {
                dropped = Set(x.shape.indices.filter { x.shape[$0] == 1 })
            }
            return [.tensor(try x.reshaped(x.shape.indices.filter { !dropped.contains($0) }.map { x.shape[$0] }))]
        })

    public static let unsqueeze = Operator(
        "unsqueeze", "With an extent of 1 at each of `axes` of the result. Source: ONNX Unsqueeze.",
        operands: [.one("x", .all), .one("axes", [.i64])], onnx: ONNXMapping("Unsqueeze", since: 13),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape, let axes = node.constant(1)?.values(as: Int64.self) else {
                return [.tensor(TensorType(x.element, nil))]
            }
            return [.tensor(TensorType(x.element, try Shaping.unsqueezed(shape, axes, one: .fixed(1))))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            return [.tensor(try x.reshaped(try Shaping.unsqueezed(x.shape, try node.values(1), one: 1)))]
        })

    public static let transpose = Operator(
        "transpose", "Axes in the order `perm`, or reversed. Source: ONNX Transpose.",
        operands: [.one("x", .all)], attributes: [.optional("perm", .ints)], onnx: ONNXMapping("Transpose", since: 1),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape else { return [.tensor(x)] }
            let order = try Shaping.permutation(node.optionalInts("perm"), rank: shape.count)
            return [.tensor(TensorType(x.element, order.map { shape[$0] }))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let order = try Shaping.permutation(node.optionalInts("perm"), rank: x.rank)
            let strides = Shaping.strides(x.shape)
            let shape = order.map { x.shape[$0] }
            let positions = Shaping.positions(shape, strides: order.map { strides[$0] })
            return [.tensor(Tensor(unchecked: x.storage.picking(positions), shape: shape))]
        })

    public static let concat = Operator(
        "concat", "The operands one after the other along `axis`. Source: ONNX Concat.",
        operands: [.many("x", .all)], attributes: [.required("axis", .int)], onnx: ONNXMapping("Concat", since: 4),
        infer: { node throws(MaxError) in
            let first = try node.tensorType(0)
            var total: Int? = 0
            var out = first.shape
            for i in node.operands.indices {
                let next = try node.tensorType(i)
                guard next.element == first.element else {
                    throw MaxError(.malformed, "operands are \(first) and \(next), expected one element type")
                }
                guard let shape = next.shape, let known = out else { return [.tensor(TensorType(first.element, nil))] }
                guard shape.count == known.count else {
                    throw MaxError(.malformed, "operands are \(first) and \(next), expected equal ranks")
                }
                let axis = try Axis.resolve(try node.int("axis"), rank: shape.count)
                for d in shape.indices where d != axis {
                    if let a = shape[d].fixed, let b = known[d].fixed, a != b {
                        throw MaxError(.malformed, "operands are \(first) and \(next): extent \(d) is \(b) and \(a)")
                    }
                    if out?[d].fixed == nil, shape[d].fixed != nil { out?[d] = shape[d] }
                }
                if let extent = shape[axis].fixed, let sum = total { total = try sum.adding(extent, "concat") } else { total = nil }
                out?[axis] = total.map { .fixed($0) } ?? .unknown
            }
            if node.operands.count == 1 { out = first.shape }
            return [.tensor(TensorType(first.element, out))]
        },
        evaluate: { node throws(MaxError) in
            let first = try node.tensor(0)
            let axis = try Axis.resolve(try node.int("axis"), rank: first.rank)
            var tensors: [Tensor] = []
            for i in node.operands.indices {
                let next = try node.tensor(i)
                guard next.rank == first.rank, next.shape.indices.allSatisfy({ $0 == axis || next.shape[$0] == first.shape[$0] }) else {
                    throw node.malformed("operands have shapes \(first.shape) and \(next.shape)")
                }
                tensors.append(next)
            }
            guard let all = first.storage.appending(tensors.dropFirst().map(\.storage)) else {
                throw node.malformed("operands of different element types")
            }
            var shape = first.shape
            shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
            let outer = first.shape[..<axis].reduce(1, *)
            let inner = first.shape[(axis + 1)...].reduce(1, *)
            var picked: [Int] = []
            picked.reserveCapacity(all.count)
            for row in 0..<outer {
                var start = 0
                for tensor in tensors {
                    let run = tensor.shape[axis] * inner
                    picked.append(contentsOf: (start + row * run)..<(start + (row + 1) * run))
                    start += tensor.count
                }
            }
            return [.tensor(Tensor(unchecked: all.picking(picked), shape: shape))]
        })

    public static let expand = Operator(
        "expand", "Broadcast together with `shape`. Source: ONNX Expand.",
        operands: [.one("x", .all), .one("shape", [.i64])], onnx: ONNXMapping("Expand", since: 8),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let wanted = node.constant(1)?.values(as: Int64.self) else { return [.tensor(TensorType(x.element, nil))] }
            return [.tensor(TensorType(x.element, try Broadcast.types(x.shape, wanted.map { .fixed(Int($0)) })))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let shape = try Broadcast.shapes(x.shape, try node.values(1, as: Int64.self).map { Int($0) })
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            return [.tensor(Tensor(unchecked: x.storage.picking(Broadcast.sources(from: x.shape, to: shape)), shape: shape))]
        })

    public static let tile = Operator(
        "tile", "The operand repeated along each axis. Source: ONNX Tile.",
        operands: [.one("x", .all), .one("repeats", [.i64])], onnx: ONNXMapping("Tile", since: 6),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape else { return [.tensor(x)] }
            guard let repeats = node.constant(1)?.values(as: Int64.self), repeats.count == shape.count else {
                return [.tensor(TensorType(x.element, shape.map { _ in .unknown }))]
            }
            var out: [Dimension] = []
            for (d, r) in zip(shape, repeats) {
                if r == 1 {
                    out.append(d)
                } else if let n = d.fixed {
                    out.append(.fixed(try n.multiplied(by: Int(r), "tile")))
                } else {
                    out.append(.unknown)
                }
            }
            return [.tensor(TensorType(x.element, out))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let repeats = try node.values(1, as: Int64.self)
            guard repeats.count == x.rank, repeats.allSatisfy({ $0 >= 0 }) else {
                throw node.malformed("repeats \(repeats) for shape \(x.shape)")
            }
            var shape: [Int] = []
            for (d, r) in zip(x.shape, repeats) { shape.append(try d.multiplied(by: Int(r), "tile")) }
            let count = try elementCount(of: shape, limit: Limits.evaluatedElements)
            let (from, to) = (Shaping.strides(x.shape), Shaping.strides(shape))
            let picked = (0..<count).map { position in
                shape.indices.reduce(0) { $0 + (position / to[$1] % shape[$1]) % x.shape[$1] * from[$1] }
            }
            return [.tensor(Tensor(unchecked: x.storage.picking(picked), shape: shape))]
        })

    public static let shape = Operator(
        "shape", "The extents from `start` up to `end`, as i64. Source: ONNX Shape.",
        operands: [.one("x", .all)], attributes: [.defaulted("start", .int(0)), .optional("end", .int)],
        onnx: ONNXMapping("Shape", since: 1),
        infer: { node throws(MaxError) in
            guard let rank = try node.tensorType(0).rank else { return [.tensor(TensorType(.i64, [.unknown]))] }
            return [.tensor(TensorType(.i64, [.fixed(try Shaping.range(node, rank).count)]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            return [.tensor(Tensor(try Shaping.range(node, x.rank).map { Int64(x.shape[$0]) }))]
        })

    public static let size = Operator(
        "size", "The number of elements, as i64. Source: ONNX Size.",
        operands: [.one("x", .all)], onnx: ONNXMapping("Size", since: 1),
        infer: { _ throws(MaxError) in [.tensor(TensorType(.i64, []))] },
        evaluate: { node throws(MaxError) in [.tensor(Tensor(scalar: Int64(try node.tensor(0).count)))] })

    public static let constantOfShape = Operator(
        "constant_of_shape", "A tensor of the given shape filled with the one element of `value`. Source: ONNX ConstantOfShape.",
        operands: [.one("shape", [.i64])], attributes: [.defaulted("value", .tensor(Tensor([Float(0)])))],
        onnx: ONNXMapping("ConstantOfShape", since: 9),
        infer: { node throws(MaxError) in
            let element = try node.tensor("value").elementType
            if let shape = node.constant(0)?.values(as: Int64.self) {
                return [.tensor(TensorType(element, shape.map { .fixed(Int($0)) }))]
            }
            if case .fixed(let rank)? = try node.tensorType(0).shape?.first, rank <= Limits.rank {
                return [.tensor(TensorType(element, Array(repeating: .unknown, count: rank)))]
            }
            return [.tensor(TensorType(element, nil))]
        },
        evaluate: { node throws(MaxError) in
            let shape = try node.values(0, as: Int64.self).map { Int($0) }
            let count = try elementCount(of: shape, limit: Limits.evaluatedElements)
            let value = try node.tensor("value")
            guard value.count == 1 else { throw node.malformed("attribute 'value' has \(value.count) elements, expected 1") }
            return [.tensor(Tensor(unchecked: value.storage.picking(Array(repeating: 0, count: count)), shape: shape))]
        })

    static let shaping = [
        reshape, flatten, squeeze, unsqueeze, transpose, concat, expand, tile, shape, size, constantOfShape,
    ]
}

/// Axes as ONNX writes them: negative ones count from the end.
enum Axis {
    static func resolve(_ axis: Int64, rank: Int, inclusive: Bool = false) throws(MaxError) -> Int {
        let upper = inclusive ? rank : rank - 1
        guard axis >= -rank, axis <= upper else {
            throw MaxError(.malformed, "axis \(axis), expected \(-rank) to \(upper)")
        }
        return axis < 0 ? Int(axis) + rank : Int(axis)
    }

    static func resolve(_ axes: [Int64], rank: Int) throws(MaxError) -> [Int] {
        var out: [Int] = []
        for axis in axes {
            let resolved = try resolve(axis, rank: rank)
            guard !out.contains(resolved) else { throw MaxError(.malformed, "axes \(axes) name axis \(resolved) twice") }
            out.append(resolved)
        }
        return out
    }
}

enum Shaping {
    static func strides(_ shape: [Int]) -> [Int] {
        var out = [Int](repeating: 1, count: shape.count)
        for i in shape.indices.dropLast().reversed() { out[i] = out[i + 1] * max(shape[i + 1], 1) }
        return out
    }

    /// For every element of `shape`, in order, where it lies in a buffer with the given strides.
    static func positions(_ shape: [Int], strides: [Int], start: Int = 0) -> [Int] {
        let count = shape.reduce(1, *)
        var out: [Int] = []
        out.reserveCapacity(count)
        var index = [Int](repeating: 0, count: shape.count)
        var position = start
        for _ in 0..<count {
            out.append(position)
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                position += strides[axis]
                if index[axis] < shape[axis] { break }
                position -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return out
    }

    static func product(_ shape: ArraySlice<Dimension>) -> Dimension {
        let open = shape.filter { $0.fixed == nil }
        let fixed = shape.compactMap(\.fixed).reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        if open.isEmpty { return .fixed(fixed) }
        return open.count == 1 && fixed == 1 ? open[open.startIndex] : .unknown
    }

    static func permutation(_ order: [Int64]?, rank: Int) throws(MaxError) -> [Int] {
        guard let order else { return Array((0..<rank).reversed()) }
        let resolved = try Axis.resolve(order, rank: rank)
        guard resolved.count == rank else { throw MaxError(.malformed, "perm \(order) for rank \(rank)") }
        return resolved
    }

    static func unsqueezed<D>(_ shape: [D], _ axes: [Int64], one: D) throws(MaxError) -> [D] {
        let rank = shape.count + axes.count
        guard rank <= Limits.rank else { throw MaxError(.limitExceeded, "rank \(rank), at most \(Limits.rank)") }
        let added = Set(try Axis.resolve(axes, rank: rank))
        var rest = shape.makeIterator()
        return (0..<rank).compactMap { added.contains($0) ? one : rest.next() }
    }

    static func range(_ node: some OperatorNode, _ rank: Int) throws(MaxError) -> Range<Int> {
        func clamp(_ value: Int64) -> Int { Int(min(max(value < 0 ? value + Int64(rank) : value, 0), Int64(rank))) }
        let start = clamp(try node.int("start"))
        let end = clamp(node.optionalInt("end") ?? Int64(rank))
        return start..<max(start, end)
    }

    static func reshaped(_ from: [Int], count: Int, _ wanted: [Int64], zeroIsZero: Bool) throws(MaxError) -> [Int] {
        var out: [Int] = []
        var open: Int?
        for (i, extent) in wanted.enumerated() {
            if extent == 0, !zeroIsZero {
                guard i < from.count else { throw MaxError(.malformed, "shape \(wanted) keeps extent \(i) of \(from)") }
                out.append(from[i])
            } else if extent == -1 {
                guard open == nil else { throw MaxError(.malformed, "shape \(wanted) leaves two extents open") }
                open = i
                out.append(1)
            } else {
                guard extent >= 0, let n = Int(exactly: extent) else { throw MaxError(.malformed, "shape \(wanted) has extent \(extent)") }
                out.append(n)
            }
        }
        if let open {
            let rest = try elementCount(of: out)
            guard rest > 0 ? count % rest == 0 : count == 0 else {
                throw MaxError(.malformed, "\(count) elements of shape \(from) do not fit \(wanted)")
            }
            out[open] = rest > 0 ? count / rest : 0
        }
        guard try elementCount(of: out) == count else {
            throw MaxError(.malformed, "\(count) elements of shape \(from) do not fit \(wanted)")
        }
        return out
    }

    /// The symbolic counterpart: an open extent that must equal the rows keeps its name.
    static func reshaped(_ from: [Dimension], _ wanted: [Int64], zeroIsZero: Bool) throws(MaxError) -> [Dimension] {
        if let fixed = TensorType(.u8, from).fixedShape {
            return try reshaped(fixed, count: try elementCount(of: fixed), wanted, zeroIsZero: zeroIsZero).map { .fixed($0) }
        }
        var out: [Dimension] = []
        for (i, extent) in wanted.enumerated() {
            if extent == 0, !zeroIsZero {
                guard i < from.count else { throw MaxError(.malformed, "shape \(wanted) keeps extent \(i) of \(from)") }
                out.append(from[i])
            } else {
                out.append(extent < 0 ? .unknown : .fixed(Int(extent)))
            }
        }
        guard let open = wanted.firstIndex(of: -1) else { return out }
        // What remains: the extents of `from` divided by those already placed. A symbol placed cancels itself.
        var remaining = from.filter { $0.fixed == nil }
        for dimension in out where dimension.fixed == nil {
            if let found = remaining.firstIndex(of: dimension), dimension != .unknown { remaining.remove(at: found) }
        }
        let fixedFrom = from.compactMap(\.fixed).reduce(1, *)
        let fixedOut = out.compactMap(\.fixed).reduce(1, *)
        if remaining.isEmpty, fixedOut > 0, fixedFrom % fixedOut == 0 {
            out[open] = .fixed(fixedFrom / fixedOut)
        } else if remaining.count == 1, fixedFrom == fixedOut {
            out[open] = remaining[0]
        }
        return out
    }
}
