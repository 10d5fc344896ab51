import MaxIR

/// Functions of one or two elements.
extension KernelTable {
    static let elementwise: [String: Choice] = [
        "add": { $0.zip({ $0 + $1 }, { $0 + $1 }, { $0 &+ $1 }) },
        "sub": { $0.zip({ $0 - $1 }, { $0 - $1 }, { $0 &- $1 }) },
        "mul": { $0.zip({ $0 * $1 }, { $0 * $1 }, { $0 &* $1 }) },
        "div": { $0.zip(Float.self, .f32) { $0 / $1 } ?? $0.zip(Double.self, .f64) { $0 / $1 } },
        "neg": { $0.map({ -$0 }, { -$0 }, { $0 &* -1 }) },
        "abs": { $0.map({ $0.magnitude }, { $0.magnitude }, { $0 < 0 ? 0 &- $0 : $0 }) },
        "relu": { $0.map({ $0 < 0 ? 0 : $0 }, { $0 < 0 ? 0 : $0 }, { $0 < 0 ? 0 : $0 }) },
        "is_nan": { $0.map(Float.self, .f32) { $0.isNaN } ?? $0.map(Double.self, .f64) { $0.isNaN } },
        "cast": { request in request.cast() },
        "clip": { request in request.clip() },
    ]

    static let comparisons: [String: Choice] = [
        "greater": { $0.zip({ $0 > $1 }, { $0 > $1 }, { $0 > $1 }) },
        "greater_or_equal": { $0.zip({ $0 >= $1 }, { $0 >= $1 }, { $0 >= $1 }) },
        "less": { $0.zip({ $0 < $1 }, { $0 < $1 }, { $0 < $1 }) },
        "less_or_equal": { $0.zip({ $0 <= $1 }, { $0 <= $1 }, { $0 <= $1 }) },
        "equal": {
            $0.zip({ $0 == $1 }, { $0 == $1 }, { $0 == $1 }) ?? $0.zip(Bool.self, .bool) { $0 == $1 } ?? $0.zipTexts { $0 == $1 }
        },
        "and": { $0.zip(Bool.self, .bool) { $0 && $1 } },
        "or": { $0.zip(Bool.self, .bool) { $0 || $1 } },
        "xor": { $0.zip(Bool.self, .bool) { $0 != $1 } },
        "not": { $0.map(Bool.self, .bool) { !$0 } },
        "where": { request in request.select() },
    ]

    /// An operator that is one function of each float.
    static func scalarMap(_ request: KernelRequest) throws -> (any Step)? {
        guard let function = try request.node.op.scalar?(request.evaluation) else { return nil }
        return request.map(Float.self, .f32, function.f32) ?? request.map(Double.self, .f64, function.f64)
    }
}

extension KernelRequest {
    func map<A, R>(_: A.Type, _ element: ElementType, _ body: @escaping @Sendable (A) -> R) -> (any Step)? {
        guard let x = operands.first?.slot, x.element == element, x.width == out.width else { return nil }
        return MapStep(kernel: node.op.name, x: x, out: out, body: body).specialized
    }

    func map(
        _ f32: @escaping @Sendable (Float) -> Float, _ f64: @escaping @Sendable (Double) -> Double,
        _ i64: @escaping @Sendable (Int64) -> Int64
    ) -> (any Step)? { map(Float.self, .f32, f32) ?? map(Double.self, .f64, f64) ?? map(Int64.self, .i64, i64) }

    func zip<R>(
        _ f32: @escaping @Sendable (Float, Float) -> R, _ f64: @escaping @Sendable (Double, Double) -> R,
        _ i64: @escaping @Sendable (Int64, Int64) -> R
    ) -> (any Step)? { zip(Float.self, .f32, f32) ?? zip(Double.self, .f64, f64) ?? zip(Int64.self, .i64, i64) }

    func zip(
        _ f32: @escaping @Sendable (Float, Float) -> Float, _ f64: @escaping @Sendable (Double, Double) -> Double,
        _ i64: @escaping @Sendable (Int64, Int64) -> Int64
    ) -> (any Step)? { zip(Float.self, .f32, f32) ?? zip(Double.self, .f64, f64) ?? zip(Int64.self, .i64, i64) }

    func zip<A: TensorElement & BitwiseCopyable, R>(
        _: A.Type, _ element: ElementType, _ body: @escaping @Sendable (A, A) -> R
    ) -> (any Step)? {
        guard operands.count == 2, let a: ZipOperand<A> = broadcast(operands[0], element),
            let b: ZipOperand<A> = broadcast(operands[1], element)
        else { return nil }
        return ZipStep(kernel: node.op.name, a: a, b: b, out: out, body: body).specialized
    }

    /// An operand that every row of the result reads alike: as wide as it, or one element for all columns.
    func broadcast<A: TensorElement & BitwiseCopyable>(_ operand: PlannedOperand, _ element: ElementType) -> ZipOperand<A>? {
        switch operand {
        case .rows(let slot, let tail):
            guard slot.element == element, tail.count + 1 == rank, slot.width == out.width || slot.width == 1 else { return nil }
            return ZipOperand(slot: slot, constant: nil, isSingle: slot.width == 1)
        case .constant(let tensor):
            guard tensor.elementType == element, let values = tensor.values(as: A.self),
                tensor.rank < rank || (tensor.rank == rank && tensor.shape.first == 1),
                values.count == 1 || values.count == out.width
            else { return nil }
            return ZipOperand(slot: nil, constant: UnsafePointer(constants.copy(values)), isSingle: values.count == 1)
        case .absent: return nil
        }
    }

    func zipTexts<R>(_ body: @escaping @Sendable (StringView, StringView) -> R) -> (any Step)? {
        guard operands.count == 2, let a = broadcastTexts(operands[0]), let b = broadcastTexts(operands[1]) else { return nil }
        return ZipStep(kernel: node.op.name, a: a, b: b, out: out, body: body).specialized
    }

    func broadcastTexts(_ operand: PlannedOperand) -> ZipOperand<StringView>? {
        switch operand {
        case .rows(let slot, let tail):
            guard slot.element == .string, tail.count + 1 == rank, slot.width == out.width || slot.width == 1 else { return nil }
            return ZipOperand(slot: slot, constant: nil, isSingle: slot.width == 1)
        case .constant(let tensor):
            guard let texts = tensor.values(as: Text.self), texts.count == 1 || texts.count == out.width,
                tensor.rank < rank || (tensor.rank == rank && tensor.shape.first == 1)
            else { return nil }
            let views = texts.map { text -> StringView in constants.copy(text) }
            return ZipOperand(slot: nil, constant: UnsafePointer(constants.copy(views)), isSingle: views.count == 1)
        case .absent: return nil
        }
    }

    func cast() -> (any Step)? {
        guard let x = operands.first?.slot, x.width == out.width else { return nil }
        switch (x.element, out.element) {
        case (.bool, .i64): return map(Bool.self, .bool) { $0 ? Int64(1) : 0 }
        case (.bool, .f32): return map(Bool.self, .bool) { $0 ? Float(1) : 0 }
        case (.bool, .f64): return map(Bool.self, .bool) { $0 ? Double(1) : 0 }
        case (.i64, .f32): return map(Int64.self, .i64) { Float($0) }
        case (.i64, .f64): return map(Int64.self, .i64) { Double($0) }
        case (.f32, .f64): return map(Float.self, .f32) { Double($0) }
        case (.f64, .f32): return map(Double.self, .f64) { Float($0) }
        case (.f32, .i64): return map(Float.self, .f32) { Int64(exactly: $0.rounded(.towardZero)) ?? .min }
        case (.i32, .i64): return map(Int32.self, .i32) { Int64($0) }
        case (.i32, .f32): return map(Int32.self, .i32) { Float($0) }
        case (.i32, .f64): return map(Int32.self, .i32) { Double($0) }
        case (.i64, .i32): return map(Int64.self, .i64) { Int32(truncatingIfNeeded: $0) }
        case (.f32, .bool): return map(Float.self, .f32) { $0 != 0 }
        case (.i64, .bool): return map(Int64.self, .i64) { $0 != 0 }
        case (.f64, .i64): return map(Double.self, .f64) { Int64(exactly: $0.rounded(.towardZero)) ?? .min }
        case let (a, b) where a == b: return copy(x)
        default: return nil
        }
    }

    /// The operand's columns as they are.
    func copy(_ x: Slot) -> any Step { GatherStep(x: x, columns: Array(0..<x.width), out: out) }

    /// One bound for all elements on each side.
    func clip() -> (any Step)? {
        func bounded<F: TensorElement & BinaryFloatingPoint & BitwiseCopyable>(_: F.Type, _ element: ElementType) -> (any Step)? {
            var bounds: [F?] = [nil, nil]
            for index in 1...2 where index < operands.count {
                if case .absent = operands[index] { continue }
                guard let bound: (values: [F], shape: [Int]) = constant(index), bound.values.count == 1, bound.shape.count < rank,
                    !bound.values[0].isNaN
                else { return nil }
                bounds[index - 1] = bound.values[0]
            }
            let (low, high) = (bounds[0], bounds[1])
            return map(F.self, element) { x in
                var y = x
                if let low, y < low { y = low }
                if let high, y > high { y = high }
                return y
            }
        }
        return bounded(Float.self, .f32) ?? bounded(Double.self, .f64)
    }

    func select() -> (any Step)? {
        guard operands.count == 3, let condition: ZipOperand<Bool> = broadcast(operands[0], .bool) else { return nil }
        func chosen<E: TensorElement & BitwiseCopyable>(_: E.Type, _ element: ElementType) -> (any Step)? {
            guard let a: ZipOperand<E> = broadcast(operands[1], element), let b: ZipOperand<E> = broadcast(operands[2], element)
            else { return nil }
            return SelectStep(condition: condition, a: a, b: b, out: out).specialized
        }
        if let a = broadcastTexts(operands[1]), let b = broadcastTexts(operands[2]) {
            return SelectStep(condition: condition, a: a, b: b, out: out).specialized
        }
        return chosen(Float.self, .f32) ?? chosen(Double.self, .f64) ?? chosen(Int64.self, .i64) ?? chosen(Bool.self, .bool)
    }
}
