import MaxIR

/// Operators that move whole columns.
extension KernelTable {
    static let columns: [String: Choice] = [
        "concat": { try $0.concat() }, "gather": { try $0.gather() }, "array_feature_extractor": { try $0.gather() },
        "slice": { $0.slice() }, "feature_vectorizer": { $0.featureVectorizer() },
    ]
}

extension KernelRequest {
    func concat() throws -> (any Step)? {
        // Where every extent between the rows and the axis is 1, the parts' columns follow each other.
        guard let axis = try axis(), axis >= 1, results[0].tail.prefix(axis - 1).allSatisfy({ $0 == 1 }) else { return nil }
        let parts = operands.compactMap(\.slot)
        guard parts.count == operands.count else { return nil }
        return ConcatStep(parts: parts, out: out)
    }

    /// Elements of a constant vector, one per row and column of positions.
    private func lookup() throws -> (any Step)? {
        guard node.op.name == "gather", case .constant(let table)? = operands.first, table.rank == 1, operands.count == 2,
            let x = operands[1].slot, x.element == .i64, x.width == out.width
        else { return nil }
        let values: UnsafeRawPointer
        switch table.storage {
        case .f32(let a): values = UnsafeRawPointer(constants.copy(a))
        case .i32(let a): values = UnsafeRawPointer(constants.copy(a))
        case .f64(let a): values = UnsafeRawPointer(constants.copy(a))
        case .i64(let a): values = UnsafeRawPointer(constants.copy(a))
        case .string(let a): values = UnsafeRawPointer(constants.copy(a.map { text -> StringView in constants.copy(text) }))
        default: return nil
        }
        return LookupStep(x: x, out: out, values: values, count: table.count)
    }

    func gather() throws -> (any Step)? {
        if let step = try lookup() { return step }
        guard let x = matrix(0), let indices: (values: [Int64], shape: [Int]) = constant(1) else { return nil }
        let isGather = node.op.name == "gather"
        if isGather { guard try axis() == 1 else { return nil } }
        guard indices.values.count == out.width else { return nil }
        var columns: [Int] = []
        for position in indices.values {
            let column = position < 0 && isGather ? position + Int64(x.width) : position
            guard column >= 0, column < Int64(x.width) else { return nil }
            columns.append(Int(column))
        }
        return GatherStep(x: x, columns: columns, out: out)
    }

    /// Along axis 1, forward, within bounds.
    func slice() -> (any Step)? {
        guard let x = matrix(0), let starts: (values: [Int64], shape: [Int]) = constant(1),
            let axes: (values: [Int64], shape: [Int]) = constant(3),
            starts.values.count == 1, axes.values == [1] || axes.values == [-1]
        else { return nil }
        let steps: (values: [Int64], shape: [Int])? = constant(4)
        guard steps.map({ $0.values == [1] }) ?? (operands.count < 5) else { return nil }
        let first = starts.values[0] < 0 ? starts.values[0] + Int64(x.width) : starts.values[0]
        guard first >= 0, first + Int64(out.width) <= Int64(x.width) else { return nil }
        return GatherStep(x: x, columns: Array(Int(first)..<Int(first) + out.width), out: out)
    }

    mutating func featureVectorizer() -> (any Step)? {
        guard evaluation.optionalInts("inputdimensions") ?? [] == [] || declaredWidthsHold() else { return nil }
        var parts: [Slot] = []
        for index in operands.indices {
            guard let part = try? floats(index) else { return nil }
            parts.append(part)
        }
        guard parts.reduce(0, { $0 + $1.width }) == out.width else { return nil }
        return ConcatStep(parts: parts, out: out)
    }

    private func declaredWidthsHold() -> Bool {
        let declared = evaluation.optionalInts("inputdimensions") ?? []
        return declared.count >= operands.count
            && operands.indices.allSatisfy { operands[$0].slot.map { Int64($0.width) } == declared[$0] }
    }
}

/// Columns of several values, side by side.
struct ConcatStep: Step {
    var kernel: String { "concat" }
    let parts: [Slot]
    let out: Slot

    func run(_ frame: Frame) {
        var column = 0
        for part in parts {
            for k in 0..<part.width {
                frame.raw(out, column: column).copyMemory(from: frame.raw(part, column: k), byteCount: frame.rows * part.byteCount)
                column += 1
            }
        }
    }
}

/// Some columns of a value.
struct GatherStep: Step {
    var kernel: String { "gather" }
    let x: Slot
    let columns: [Int]
    let out: Slot

    func run(_ frame: Frame) {
        for (k, column) in columns.enumerated() {
            frame.raw(out, column: k).copyMemory(from: frame.raw(x, column: column), byteCount: frame.rows * x.byteCount)
        }
    }
}

/// Elements of a table at positions that count from its end when negative.
struct LookupStep: Step, @unchecked Sendable {
    var kernel: String { "gather.table" }
    var givesConstantText: Bool { true }
    let x: Slot
    let out: Slot
    /// `count` elements of the type of `out`.
    let values: UnsafeRawPointer
    let count: Int

    func run(_ frame: Frame) throws(MaxError) {
        let size = out.byteCount
        for column in 0..<out.width {
            let from = frame.pointer(x, column: column, as: Int64.self)
            let to = frame.raw(out, column: column)
            for row in 0..<frame.rows {
                let position = from[row] < 0 ? from[row] &+ Int64(count) : from[row]
                guard position >= 0, position < Int64(count) else {
                    throw MaxError(.malformed, "'gather': index \(from[row]), expected \(-count) to \(count - 1)")
                }
                (to + row * size).copyMemory(from: values + Int(position) * size, byteCount: size)
            }
        }
    }
}
