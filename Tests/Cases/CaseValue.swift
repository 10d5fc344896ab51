import MaxIR

/// One input or output of a case.
public struct CaseValue: Sendable {
    public enum Content: Sendable {
        case tensor(Tensor)
        indirect case map(keys: CaseValue, values: CaseValue)
        case sequence([CaseValue])
    }

    public let name: Text
    public let content: Content
    /// Which elements of a tensor are there.
    public let isPresent: [Bool]
    /// How far a float may be off: `absolute + relative × |expected|`; nil where the case does not say.
    public var tolerance: (absolute: Double, relative: Double)?

    public var tensor: Tensor? { if case .tensor(let tensor) = content { tensor } else { nil } }

    public var value: Value {
        switch content {
        case .tensor(let tensor): .tensor(tensor)
        case .map(let keys, let values):
            if let keys = keys.tensor, let values = values.tensor { .map(keys: keys, values: values) } else { .sequence([]) }
        case .sequence(let items): .sequence(items.map(\.value))
        }
    }

    /// The value that a graph is given: missing elements replaced as the input says.
    public func value(for input: GraphInput) throws -> Value {
        switch (tensor?.storage, input.missing) {
        case (.string(let texts)?, .value(.string(let missing))):
            .tensor(Tensor(zip(texts, isPresent).map { $1 ? $0 : missing }, shape: tensor?.shape ?? []))
        case (.i64(let integers)?, .value(.int(let missing))):
            .tensor(Tensor(zip(integers, isPresent).map { $1 ? $0 : missing }, shape: tensor?.shape ?? []))
        default: value
        }
    }

    /// The first element of `found` that is too far off, as a sentence; nil when there is none. Rows in `except`
    /// are not compared.
    public func difference(
        from found: Value, otherwise: (absolute: Double, relative: Double) = (0, 0), except: [Range<Int>] = []
    ) -> String? {
        switch (content, found) {
        case (.tensor(let expected), .tensor(let found)):
            return difference(found, expected, tolerance ?? otherwise, except)
        case (.map(let keys, let values), .map(let foundKeys, let foundValues)):
            // A map has no order: both sides are compared in that of the keys expected.
            guard let wanted = keys.tensor, wanted.elementType == foundKeys.elementType, wanted.count == foundKeys.count
            else { return "keys \(foundKeys.type), expected \(keys.value.typeDescription)" }
            let at = Dictionary((0..<foundKeys.count).map { (foundKeys.storage.picking([$0]), $0) }, uniquingKeysWith: { $1 })
            let order = (0..<wanted.count).compactMap { at[wanted.storage.picking([$0])] }
            guard order.count == wanted.count else { return "keys differ" }
            let sorted = Tensor(unchecked: foundValues.storage.picking(order), shape: [order.count])
            return values.difference(from: .tensor(sorted), otherwise: otherwise).map { "values: \($0)" }
        case (.sequence(let items), .sequence(let found)):
            guard items.count == found.count else { return "\(found.count) items, expected \(items.count)" }
            for (index, (item, value)) in zip(items, found).enumerated() where !except.contains(where: { $0.contains(index) }) {
                if let difference = item.difference(from: value, otherwise: otherwise) { return "item \(index): \(difference)" }
            }
            return nil
        default: return "found \(found.typeDescription), expected \(value.typeDescription)"
        }
    }

    private func difference(
        _ found: Tensor, _ expected: Tensor, _ tolerance: (absolute: Double, relative: Double), _ except: [Range<Int>]
    ) -> String? {
        guard found.shape == expected.shape, found.elementType == expected.elementType else {
            return "found \(found.type), expected \(expected.type)"
        }
        let width = expected.shape.dropFirst().reduce(1, *)
        func isCompared(_ index: Int) -> Bool { except.isEmpty || !except.contains { $0.contains(index / max(width, 1)) } }
        guard expected.elementType.isFloat, tolerance != (0, 0),
            let a = try? Cast.convert(found, to: .f64).values(as: Double.self),
            let b = try? Cast.convert(expected, to: .f64).values(as: Double.self)
        else {
            let kept = (0..<expected.count).filter(isCompared)
            let (a, b) = (found.storage.picking(kept), expected.storage.picking(kept))
            let (x, y) = (Tensor(unchecked: a, shape: [kept.count]), Tensor(unchecked: b, shape: [kept.count]))
            return x.firstDifference(from: y).map {
                "element \(kept[$0]): found \(x.describe($0)), expected \(y.describe($0))"
            }
        }
        for (index, (x, y)) in zip(a, b).enumerated() where x != y && !(x.isNaN && y.isNaN) && isCompared(index) {
            if !(abs(x - y) <= tolerance.absolute + tolerance.relative * abs(y)) {
                return "element \(index): found \(x), expected \(y)"
            }
        }
        return nil
    }
}
