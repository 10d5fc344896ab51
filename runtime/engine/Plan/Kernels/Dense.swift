import MaxIR

/// Products with constant matrices, and what linear models make of them.
extension KernelTable {
    static let dense: [String: Choice] = [
        "matmul": { $0.matmul() }, "gemm": { try $0.gemm() }, "linear_regressor": { try $0.linearRegressor() },
        "linear_classifier": { try $0.linearClassifier() }, "ordered_linear": { try $0.orderedLinear() },
    ]
}

extension KernelRequest {
    func matmul() -> (any Step)? {
        func product<F: TensorElement & BinaryFloatingPoint & BitwiseCopyable>(_: F.Type, _ element: ElementType) -> (any Step)? {
            guard let x = matrix(0), x.element == element, let b: (values: [F], shape: [Int]) = constant(1), b.shape.count == 2 else {
                return nil
            }
            return ProductStep(
                kernel: node.op.name, x: x, out: out, weights: UnsafePointer(constants.copy(b.values)), scale: 1, addend: nil
            ).specialized
        }
        return product(Float.self, .f32) ?? product(Double.self, .f64)
    }

    func gemm() throws -> (any Step)? {
        let (transA, transB) = (try evaluation.flag("transA"), try evaluation.flag("transB"))
        let (alpha, beta) = (try evaluation.float("alpha"), try evaluation.float("beta"))
        guard !transA else { return nil }
        func product<F: TensorElement & BinaryFloatingPoint & BitwiseCopyable>(_: F.Type, _ element: ElementType) -> (any Step)? {
            guard let x = matrix(0), x.element == element, let b: (values: [F], shape: [Int]) = constant(1) else { return nil }
            let weights = transB ? (0..<x.width).flatMap { l in (0..<out.width).map { b.values[$0 * x.width + l] } } : b.values
            var addend: UnsafePointer<F>?
            if operands.count > 2, operands[2].isPresent {
                guard let c: (values: [F], shape: [Int]) = constant(2), c.shape.count < 2 || c.shape[0] == 1,
                    c.values.count == 1 || c.values.count == out.width
                else { return nil }
                let scaled = beta == 1 ? c.values : c.values.map { $0 * F(beta) }
                addend = UnsafePointer(constants.copy((0..<out.width).map { scaled[scaled.count == 1 ? 0 : $0] }))
            }
            return ProductStep(
                kernel: node.op.name, x: x, out: out, weights: UnsafePointer(constants.copy(weights)), scale: F(alpha), addend: addend
            ).specialized
        }
        return product(Float.self, .f32) ?? product(Double.self, .f64)
    }

    /// The scores before `post_transform`: x · coefficients' + intercepts.
    private mutating func scores(outputs: Int, into out: Slot) throws -> (any Step)? {
        guard let x = try floats(0) else { return nil }
        let (coefficients, intercepts) = (floats(attribute: "coefficients"), floats(attribute: "intercepts"))
        let weights = (0..<x.width).flatMap { l in (0..<outputs).map { coefficients[$0 * x.width + l] } }
        return ProductStep<Float>(
            kernel: node.op.name, x: x, out: out, weights: UnsafePointer(constants.copy(weights)), scale: 1,
            addend: intercepts.isEmpty ? nil : UnsafePointer(constants.copy(intercepts))
        ).specialized
    }

    mutating func linearRegressor() throws -> (any Step)? {
        let transform = try PostTransform(evaluation)
        guard let scores = try scores(outputs: out.width, into: out) else { return nil }
        guard transform != .none else { return scores }
        preparations.append(scores)
        let scratch = try arena.reserve(.f32, out.width)
        return RowStep<Float>(kernel: "post_transform", x: out, out: out, scratch: scratch) { transform.apply(inPlace: $0) }.specialized
    }

    mutating func linearClassifier() throws -> (any Step)? {
        guard results.count == 2, let x = matrix(0) else { return nil }
        let node = evaluation
        let labels = try ClassLabels(node)
        let outputs = try LinearScores.outputs(
            node, Int64(node.optionalFloats("intercepts")?.count ?? labels.storage.count), .fixed(x.width))
        let raw = try arena.reserve(.f32, outputs)
        guard let scores = try scores(outputs: outputs, into: raw) else { return nil }
        preparations.append(scores)
        let table: UnsafeRawPointer
        switch labels.storage {
        case .i64(let numbers): table = UnsafeRawPointer(constants.copy(numbers))
        case .string(let texts): table = UnsafeRawPointer(constants.copy(texts.map { text -> StringView in constants.copy(text) }))
        default: return nil
        }
        return ClassifierStep(
            raw: raw, labels: results[0].slot, scores: results[1].slot, scratch: try arena.reserve(.f32, max(outputs, 2)), table: table,
            transform: try PostTransform(node))
    }

    func orderedLinear() throws -> (any Step)? {
        let (weights, base) = (try evaluation.tensor("weights"), try evaluation.tensor("base"))
        func ordered<F: TensorElement & BinaryFloatingPoint & BitwiseCopyable>(_: F.Type, _ element: ElementType) -> (any Step)? {
            guard let x = matrix(0), x.element == element, let w = weights.values(as: F.self), let b = base.values(as: F.self) else {
                return nil
            }
            return OrderedLinearStep(x: x, out: out, weights: UnsafePointer(constants.copy(w)), base: UnsafePointer(constants.copy(b)))
                .specialized
        }
        return ordered(Float.self, .f32) ?? ordered(Double.self, .f64)
    }
}

extension PlannedOperand {
    var isPresent: Bool { if case .absent = self { false } else { true } }
}

/// x · weights · scale + addend; sums run over x's columns in order from 0, multiply then add.
struct ProductStep<F: BinaryFloatingPoint>: Step, @unchecked Sendable {
    let kernel: String
    let x: Slot
    let out: Slot
    /// `[x.width, out.width]`
    let weights: UnsafePointer<F>
    let scale: F
    let addend: UnsafePointer<F>?

    /// Below this, going along the columns of each row costs less than going down the rows of each column.
    private static var fewRows: Int { 8 }

    func run(_ frame: Frame) {
        let rows = frame.rows
        guard rows >= Self.fewRows else { return runFew(frame) }
        for k in 0..<out.width {
            let to = frame.pointer(out, column: k, as: F.self)
            for row in 0..<rows { to[row] = 0 }
            for j in 0..<x.width {
                let from = frame.pointer(x, column: j, as: F.self)
                let weight = weights[j * out.width + k]
                for row in 0..<rows { to[row] += from[row] * weight }
            }
            if scale != 1 { for row in 0..<rows { to[row] *= scale } }
            if let addend { for row in 0..<rows { to[row] += addend[k] } }
        }
    }
}

extension ProductStep {
    /// The same sums in the same order.
    private func runFew(_ frame: Frame) {
        let (width, outputs) = (x.width, out.width)
        let from = frame.pointer(x, as: F.self)
        let to = frame.pointer(out, as: F.self)
        for row in 0..<frame.rows {
            for k in 0..<outputs {
                var total: F = 0
                for j in 0..<width { total += from[j * frame.stride + row] * weights[j * outputs + k] }
                if scale != 1 { total *= scale }
                if let addend { total += addend[k] }
                to[k * frame.stride + row] = total
            }
        }
    }
}

/// `Ops.orderedLinear`.
struct OrderedLinearStep<F: BinaryFloatingPoint>: Step, @unchecked Sendable {
    var kernel: String { "ordered_linear" }
    let x: Slot
    let out: Slot
    let weights: UnsafePointer<F>
    let base: UnsafePointer<F>

    func run(_ frame: Frame) {
        for k in 0..<out.width {
            let to = frame.pointer(out, column: k, as: F.self)
            for row in 0..<frame.rows { to[row] = base[k] }
            for j in 0..<x.width {
                let from = frame.pointer(x, column: j, as: F.self)
                let weight = weights[j * out.width + k]
                for row in 0..<frame.rows where !from[row].isNaN { to[row] += from[row] * weight }
            }
        }
    }
}

/// The label of the largest raw score, and the scores after `post_transform`. One raw score for two labels: the
/// second where it is above 0.
struct ClassifierStep: Step, @unchecked Sendable {
    var kernel: String { "classifier" }
    var givesConstantText: Bool { true }
    let raw: Slot
    let labels: Slot
    let scores: Slot
    let scratch: Slot
    /// Of `labels`' element type.
    let table: UnsafeRawPointer
    let transform: PostTransform

    func run(_ frame: Frame) {
        let row = UnsafeMutableBufferPointer<Float>(start: frame.pointer(scratch), count: scores.width)
        let from = frame.pointer(raw, as: Float.self)
        let to = frame.pointer(scores, as: Float.self)
        for index in 0..<frame.rows {
            var best = 0
            if raw.width == 1, scores.width == 2 {
                best = from[index] > 0 ? 1 : 0
                LinearScores.twoFromOne(from[index], transform, into: row)
            } else {
                for k in 0..<raw.width { row[k] = from[k * frame.stride + index] }
                for k in 1..<max(raw.width, 1) where row[k] > row[best] { best = k }
                transform.apply(inPlace: row)
            }
            for k in 0..<scores.width { to[k * frame.stride + index] = row[k] }
            let size = labels.byteCount
            (frame.raw(labels) + index * size).copyMemory(from: table + best * size, byteCount: size)
        }
    }
}
