/// Windows that slide over the axes after the second, as convolutions and pools have them.
///
/// Source: ONNX Conv, MaxPool, AveragePool, LpPool. `SAME_UPPER` and `SAME_LOWER` pad so that every stride gives one result.
struct Windows {
    /// Extents of the input, of the windows and of the results.
    let extents: [Int], kernel: [Int], out: [Int]
    let strides: [Int], dilations: [Int], before: [Int], after: [Int]

    /// The most taps and extents that attributes may ask for.
    static let largest: Int64 = 1 << 24

    init(_ node: some OperatorNode, extents: [Int], kernel: [Int], ceil: Bool = false) throws(MaxError) {
        let rank = extents.count
        guard kernel.count == rank, kernel.allSatisfy({ $0 >= 1 && Int64($0) <= Self.largest }) else {
            throw MaxError(.malformed, "a window of \(kernel) over \(rank) axes")
        }
        strides = try Self.list(node, "strides", count: rank, otherwise: 1, from: 1)
        dilations = try Self.list(node, "dilations", count: rank, otherwise: 1, from: 1)
        let pads = try Self.list(node, "pads", count: 2 * rank, otherwise: 0, from: 0)
        var (before, after) = (Array(pads[..<rank]), Array(pads[rank...]))
        var out: [Int] = []
        let automatic = try node.string("auto_pad").string
        for axis in 0..<rank {
            let (extent, stride) = (extents[axis], strides[axis])
            let reach = (kernel[axis] - 1) * dilations[axis] + 1
            switch automatic {
            case "SAME_UPPER", "SAME_LOWER":
                let count = (extent + stride - 1) / stride
                let total = max((count - 1) * stride + reach - extent, 0)
                before[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
                after[axis] = total - before[axis]
                out.append(count)
            case "NOTSET", "VALID":
                if automatic == "VALID" { (before[axis], after[axis]) = (0, 0) }
                let room = extent + before[axis] + after[axis] - reach
                guard room >= 0 else { throw MaxError(.malformed, "a window of \(kernel) over extents \(extents)") }
                var count = (ceil ? room + stride - 1 : room) / stride + 1
                // A window that would start in the padding behind the input is left out.
                if ceil, (count - 1) * stride >= extent + before[axis] { count -= 1 }
                out.append(count)
            default: throw MaxError(.malformed, "auto_pad: found '\(automatic)', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
            }
        }
        (self.extents, self.kernel, self.out, self.before, self.after) = (extents, kernel, out, before, after)
        _ = try elementCount(of: kernel, limit: Limits.evaluatedElements)
    }

    static func list(
        _ node: some OperatorNode, _ name: String, count: Int, otherwise: Int64, from smallest: Int64
    ) throws(MaxError) -> [Int] {
        let given = node.optionalInts(name) ?? []
        let list = given.isEmpty ? [Int64](repeating: otherwise, count: count) : given
        guard list.count == count, list.allSatisfy({ $0 >= smallest && $0 <= largest }) else {
            throw MaxError(.malformed, "\(name): found \(list.prefix(16)), expected \(count) numbers from \(smallest)")
        }
        return list.map { Int($0) }
    }

    /// The kernel's extents as the attribute gives them, or those of the filters.
    static func kernel(_ node: some OperatorNode, filters: [Int]? = nil) throws(MaxError) -> [Int] {
        guard let given = node.optionalInts("kernel_shape"), !given.isEmpty else {
            guard let filters else { throw MaxError(.malformed, "kernel_shape is missing") }
            return filters
        }
        guard given.allSatisfy({ $0 >= 1 && $0 <= largest }), filters == nil || filters == given.map({ Int($0) }) else {
            throw MaxError(.malformed, "kernel_shape: found \(given.prefix(16)), expected \(filters.map { "\($0)" } ?? "positive numbers")")
        }
        return given.map { Int($0) }
    }

    /// One place that a window covers: which tap, and which element under it; nil in the padding. `isCounted` is
    /// false behind the padding, where only a rounded-up last window reaches.
    typealias Tap = (tap: Int, source: Int?, isCounted: Bool)

    /// The taps of result `position`, in row-major order.
    func taps(_ position: Int) -> [Tap] {
        let (inner, outer, from) = (Shaping.strides(kernel), Shaping.strides(out), Shaping.strides(extents))
        return (0..<kernel.reduce(1, *)).map { tap in
            var source: Int? = 0
            var isCounted = true
            for axis in kernel.indices {
                let start = position / outer[axis] % out[axis] * strides[axis] - before[axis]
                let at = start + tap / inner[axis] % kernel[axis] * dilations[axis]
                if at >= extents[axis] + after[axis] { isCounted = false }
                guard at >= 0, at < extents[axis] else {
                    source = nil
                    continue
                }
                source = source.map { $0 + at * from[axis] }
            }
            return (tap, source, isCounted)
        }
    }

    /// The type of a result over `x`, with `channels` in place of its own.
    static func type(
        _ node: Inference, _ x: TensorType, kernel: [Int]?, channels: Dimension?, ceil: Bool = false
    ) throws(MaxError) -> TensorType {
        guard let shape = x.shape else { return x }
        guard shape.count >= 3 else { throw MaxError(.malformed, "operand is \(x), expected rank 3 or more") }
        let head = [shape[0], channels ?? shape[1]]
        let extents = shape[2...].compactMap(\.fixed)
        guard let kernel, extents.count == shape.count - 2 else {
            return TensorType(x.element, head + shape[2...].map { _ in .unknown })
        }
        return TensorType(x.element, head + (try Windows(node, extents: extents, kernel: kernel, ceil: ceil).out.map { .fixed($0) }))
    }
}

extension AttributeSpec {
    static let windows: [AttributeSpec] = [
        .defaulted("auto_pad", .string("NOTSET")), .optional("dilations", .ints), .optional("pads", .ints), .optional("strides", .ints),
    ]
}
