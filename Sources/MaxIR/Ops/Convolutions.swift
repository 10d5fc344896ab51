/// Convolutions. Sums run over channels, then over the window in row-major order, in the type of the operands (f16 and
/// bf16 in f32, rounded at the end); padding adds nothing.
extension Ops {
    public static let conv = Operator(
        "conv", "Each filter slid over the axes after the second, in `group` groups of channels. Source: ONNX Conv.",
        operands: [.one("x", .floats), .one("w", .floats), .optional("b", .floats)],
        attributes: AttributeSpec.windows + [.defaulted("group", .int(1)), .optional("kernel_shape", .ints)],
        onnx: ONNXMapping("Conv", since: 11),
        infer: { node throws(MaxError) in
            let (x, w) = (try node.tensorType(0), try node.tensorType(1))
            guard x.element == w.element, node.optionalTensorType(2).map({ $0.element == x.element }) ?? true else {
                throw MaxError(.malformed, "operands are \(x) and \(w), expected one element type")
            }
            guard let filters = w.shape else { return [.tensor(TensorType(x.element, nil))] }
            guard filters.count == x.rank ?? filters.count else { throw MaxError(.malformed, "operands are \(x) and \(w)") }
            let fixed = filters.dropFirst(2).compactMap(\.fixed)
            let kernel = try fixed.count == filters.count - 2 ? Windows.kernel(node, filters: fixed) : nil
            return [.tensor(try Windows.type(node, x, kernel: kernel, channels: filters.first ?? .unknown))]
        },
        evaluate: { node throws(MaxError) in
            let (x, w) = (try node.tensor(0), try node.tensor(1))
            let group = try node.int("group")
            guard x.rank >= 3, w.rank == x.rank, group >= 1, let groups = Int(exactly: group), groups <= max(x.shape[1], 1),
                x.shape[1] == w.shape[1] * groups, w.shape[0] % groups == 0,
                node.optionalTensor(2).map({ $0.shape == [w.shape[0]] }) ?? true
            else { throw node.malformed("operands of shapes \(x.shape) and \(w.shape) in \(group) groups") }
            let windows = try Windows(node, extents: Array(x.shape[2...]), kernel: try Windows.kernel(node, filters: Array(w.shape[2...])))
            let shape = [x.shape[0], w.shape[0]] + windows.out
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            let body = ConvBody(windows: windows, rows: x.shape[0], filters: w.shape[0], channels: w.shape[1], groups: groups)
            return [.tensor(try node.floats(node.has(2) ? [0, 1, 2] : [0, 1], shape, body))]
        })

    static let convolutions = [conv]
}

private struct ConvBody: FloatBody {
    let windows: Windows
    /// `channels` is how many a filter sees.
    let rows: Int, filters: Int, channels: Int, groups: Int

    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        let (x, w) = (operands[0], operands[1])
        let (area, taps) = (windows.extents.reduce(1, *), windows.kernel.reduce(1, *))
        let places = windows.out.reduce(1, *)
        var out = [F](repeating: 0, count: rows * filters * places)
        for place in 0..<places {
            let covered = windows.taps(place).compactMap { tap in tap.source.map { (tap.tap, $0) } }
            for row in 0..<rows {
                for filter in 0..<filters {
                    let first = filter / (filters / groups) * channels
                    var total: F = 0
                    for channel in 0..<channels {
                        let (input, weights) = ((row * channels * groups + first + channel) * area, (filter * channels + channel) * taps)
                        for (tap, source) in covered { total += x[input + source] * w[weights + tap] }
                    }
                    out[(row * filters + filter) * places + place] = operands.count > 2 ? total + operands[2][filter] : total
                }
            }
        }
        return out
    }
}
