import MaxIR

extension KernelRequest {
    func textCounts() throws -> (any Step)? {
        guard let x = operands.first?.slot, x.element == .string, x.width == 1 else { return nil }
        let counter = try TextCounter(evaluation)
        return counter.columns == out.width ? TextCountsStep(x: x, out: out, counter: counter) : nil
    }
}

/// `Ops.textCounts`. Allocates a row of its columns for each block.
struct TextCountsStep: Step {
    var kernel: String { "text_counts" }
    let x: Slot
    let out: Slot
    let counter: TextCounter

    func run(_ frame: Frame) {
        for column in 0..<out.width { frame.pointer(out, column: column, as: Double.self).update(repeating: 0, count: frame.rows) }
        let first = frame.pointer(out, as: Double.self)
        let texts = frame.pointer(x, as: StringView.self)
        var scratch = counter.makeScratch()
        for row in 0..<frame.rows {
            counter.count(texts[row].bytes, &scratch) { column, value in first[column * frame.stride + row] = value }
        }
    }
}
