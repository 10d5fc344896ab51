import MaxIR

extension KernelRequest {
    func linearContributions() throws -> (any Step)? {
        let (weights, base) = (try evaluation.tensor("weights"), try evaluation.tensor("base"))
        func step<F: TensorElement & BinaryFloatingPoint & BitwiseCopyable>(_: F.Type, _ element: ElementType) -> (any Step)? {
            guard let x = matrix(0), x.element == element, let w = weights.values(as: F.self), let b = base.values(as: F.self) else {
                return nil
            }
            return LinearContributionsStep(
                x: x, out: out, outputs: b.count, weights: UnsafePointer(constants.copy(w)), base: UnsafePointer(constants.copy(b)))
        }
        return step(Float.self, .f32) ?? step(Double.self, .f64)
    }
}

/// `Ops.linearContributions`.
private struct LinearContributionsStep<F: BinaryFloatingPoint>: Step, @unchecked Sendable {
    var kernel: String { "linear_contributions" }
    let x: Slot
    let out: Slot
    let outputs: Int
    let weights: UnsafePointer<F>
    let base: UnsafePointer<F>

    func run(_ frame: Frame) {
        let (columns, stride) = (x.width, frame.stride)
        for k in 0..<outputs {
            let first = frame.pointer(out, column: k * (columns + 2), as: Double.self)
            for row in 0..<frame.rows {
                let to = first + row
                var (score, sum) = (base[k], 0.0)
                for j in 0..<columns {
                    let (value, weight) = (frame.pointer(x, column: j, as: F.self)[row], weights[j * outputs + k])
                    if !value.isNaN { score += value * weight }
                    to[j * stride] = value.isNaN ? 0 : Double(value) * Double(weight)
                    sum += to[j * stride]
                }
                close(to, columns, stride, score: Double(score), sum: sum, base: Double(base[k]))
            }
        }
    }

    private func close(_ to: UnsafeMutablePointer<Double>, _ columns: Int, _ stride: Int, score: Double, sum: Double, base: Double) {
        let (baseAt, rest) = (to + columns * stride, to + (columns + 1) * stride)
        guard score.isFinite, (sum + base).isFinite else {
            for j in 0..<columns { to[j * stride] = 0 }
            (baseAt.pointee, rest.pointee) = (score, 0)
            return
        }
        baseAt.pointee = base
        rest.pointee = score - (sum + base)
        guard sum + base + rest.pointee != score else { return }
        baseAt.pointee = score - sum
        rest.pointee = score - (sum + baseAt.pointee)
    }
}
