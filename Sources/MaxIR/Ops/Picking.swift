/// Operators whose result has as many elements as the data decide, and one-hot vectors.
extension Ops {
    public static let compress = Operator(
        "compress", "The slices along `axis`, or the elements, where the condition holds. Source: ONNX Compress.",
        operands: [.one("x", .all), .one("condition", [.bool])], attributes: [.optional("axis", .int)],
        onnx: ONNXMapping("Compress", since: 9),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let axis = node.optionalInt("axis") else { return [.tensor(TensorType(x.element, [.unknown]))] }
            guard var shape = x.shape else { return [.tensor(x)] }
            shape[try Axis.resolve(axis, rank: shape.count)] = .unknown
            return [.tensor(TensorType(x.element, shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let flags = try node.values(1, as: Bool.self)
            var axis: Int?
            if let given = node.optionalInt("axis") { axis = try Axis.resolve(given, rank: x.rank) }
            let extent = axis.map { x.shape[$0] } ?? x.count
            let kept = flags.indices.filter { flags[$0] }
            guard kept.last ?? 0 < max(extent, 1) else { throw node.malformed("\(flags.count) conditions for extent \(extent)") }
            guard let axis else { return [.tensor(Tensor(unchecked: x.storage.picking(kept), shape: [kept.count]))] }
            let inner = x.shape[(axis + 1)...].reduce(1, *)
            let outer = x.shape[..<axis].reduce(1, *)
            var shape = x.shape
            shape[axis] = kept.count
            var picked: [Int] = []
            for block in 0..<outer {
                for slice in kept {
                    let start = (block * extent + slice) * inner
                    picked.append(contentsOf: start..<(start + inner))
                }
            }
            return [.tensor(Tensor(unchecked: x.storage.picking(picked), shape: shape))]
        })

    /// - Operand `values`: the value off and the value on. An index out of range gives no value on.
    public static let oneHot = Operator(
        "one_hot", "A new axis of extent `depth` with the second value at the index, the first elsewhere. Source: ONNX OneHot.",
        operands: [.one("indices", .numeric), .one("depth", .numeric), .one("values", .all)],
        attributes: [.defaulted("axis", .int(-1))], onnx: ONNXMapping("OneHot", since: 11),
        infer: { node throws(MaxError) in
            let (indices, values) = (try node.tensorType(0), try node.tensorType(2))
            guard var shape = indices.shape, shape.count < Limits.rank else { return [.tensor(TensorType(values.element, nil))] }
            let axis = try Axis.resolve(try node.int("axis"), rank: shape.count + 1)
            var extent = Dimension.unknown
            if let depth = node.constant(1), let given = try Cast.convert(depth, to: .i64).values(as: Int64.self)?.first {
                guard given >= 0, given <= Int64(Limits.evaluatedElements) else { throw MaxError(.malformed, "depth: found \(given)") }
                extent = .fixed(Int(given))
            }
            shape.insert(extent, at: axis)
            return [.tensor(TensorType(values.element, shape))]
        },
        evaluate: { node throws(MaxError) in
            let (indices, values) = (try node.tensor(0), try node.tensor(2))
            guard let depth = try Cast.convert(try node.tensor(1), to: .i64).values(as: Int64.self)?.first, depth >= 0,
                depth <= Int64(Limits.evaluatedElements), values.count == 2
            else { throw node.malformed("depth or values") }
            let axis = try Axis.resolve(try node.int("axis"), rank: indices.rank + 1)
            var shape = indices.shape
            shape.insert(Int(depth), at: axis)
            let count = try elementCount(of: shape, limit: Limits.evaluatedElements)
            let places = try Cast.convert(indices, to: .i64).values(as: Int64.self) ?? []
            let inner = indices.shape[axis...].reduce(1, *)
            var chosen = [Int](repeating: 0, count: count)
            for (position, place) in places.enumerated() where place >= -depth && place < depth {
                let slot = Int(place < 0 ? place + depth : place)
                chosen[(position / inner * Int(depth) + slot) * inner + position % inner] = 1
            }
            return [.tensor(Tensor(unchecked: values.storage.picking(chosen), shape: shape))]
        })

    /// - Results: the distinct slices; of each the first position; for each slice of x its place; the counts.
    public static let unique = Operator(
        "unique", "Distinct elements, or slices along `axis`, in ascending order or as they come. Source: ONNX Unique.",
        operands: [.one("x", .all)], attributes: [.optional("axis", .int), .defaulted("sorted", .int(1))],
        results: .upTo(4), onnx: ONNXMapping("Unique", since: 11),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            var shape: [Dimension]? = [.unknown]
            if let axis = node.optionalInt("axis") {
                shape = x.shape
                if let rank = x.rank { shape?[try Axis.resolve(axis, rank: rank)] = .unknown }
            }
            let list = ValueType.tensor(TensorType(.i64, [.unknown]))
            return [.tensor(TensorType(x.element, shape)), list, list, list]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            var slices = (0..<x.count).map { [$0] }
            var axis: Int?
            if let given = node.optionalInt("axis") {
                let resolved = try Axis.resolve(given, rank: x.rank)
                axis = resolved
                slices = Lanes(x.shape, x.shape.indices.filter { $0 != resolved }).all
            }
            let elements = Comparand.all(x.storage)
            // Of two slices, the one with the smaller element where they first differ; NaN comes last.
            func less(_ a: Int, _ b: Int) -> Bool {
                for (p, q) in zip(slices[a], slices[b]) {
                    let (left, right) = (elements[p], elements[q])
                    if left.isNaN != right.isNaN { return right.isNaN }
                    if left < right { return true }
                    if right < left { return false }
                }
                return false
            }
            let order = slices.indices.sorted { less($0, $1) || (!less($1, $0) && $0 < $1) }
            var groups: [[Int]] = []
            for slice in order {
                if let last = groups.last, !less(last[0], slice) { groups[groups.count - 1].append(slice) } else { groups.append([slice]) }
            }
            if try !node.flag("sorted") { groups.sort { $0[0] < $1[0] } }
            var places = [Int64](repeating: 0, count: slices.count)
            for (place, group) in groups.enumerated() { for slice in group { places[slice] = Int64(place) } }
            var shape = [groups.count]
            var picked = groups.map { slices[$0[0]].first ?? 0 }
            if let axis {
                shape = x.shape
                shape[axis] = groups.count
                let inner = x.shape[(axis + 1)...].reduce(1, *)
                picked = (0..<shape.reduce(1, *)).map { position in
                    let group = position / inner % groups.count
                    return position / inner / groups.count * x.shape[axis] * inner + groups[group][0] * inner + position % inner
                }
            }
            return [
                .tensor(Tensor(unchecked: x.storage.picking(picked), shape: shape)),
                .tensor(Tensor(groups.map { Int64($0[0]) })), .tensor(Tensor(places)),
                .tensor(Tensor(groups.map { Int64($0.count) })),
            ]
        })

    static let picking = [compress, oneHot, unique]
}
