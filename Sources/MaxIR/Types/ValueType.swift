/// One extent of a shape.
public enum Dimension: Sendable, Hashable, CustomStringConvertible {
    case fixed(Int)
    /// Known only at run time, and equal wherever the same name stands. `N` is the number of rows.
    case symbol(String)
    /// Known only at run time, with nothing said about it.
    case unknown

    /// The number of rows.
    public static let rows = Dimension.symbol("N")

    public var fixed: Int? { if case .fixed(let n) = self { n } else { nil } }

    public var description: String {
        switch self {
        case .fixed(let n): "\(n)"
        case .symbol(let name): name
        case .unknown: "?"
        }
    }
}

/// An element type and a shape; `shape` is nil when not even the rank is known.
public struct TensorType: Sendable, Hashable, CustomStringConvertible {
    public var element: ElementType
    public var shape: [Dimension]?

    public init(_ element: ElementType, _ shape: [Dimension]?) {
        self.element = element
        self.shape = shape
    }

    public var rank: Int? { shape?.count }

    /// The shape, if every extent is a number.
    public var fixedShape: [Int]? {
        guard let shape else { return nil }
        var fixed: [Int] = []
        for dimension in shape {
            guard let n = dimension.fixed else { return nil }
            fixed.append(n)
        }
        return fixed
    }

    public var description: String {
        guard let shape else { return "\(element.rawValue)[*]" }
        return "\(element.rawValue)[\(shape.map(\.description).joined(separator: ", "))]"
    }

    /// Whether a tensor of this type may stand where `other` is declared: equal element types, and no pair
    /// of extents that are different numbers.
    public func isCompatible(with other: TensorType) -> Bool {
        guard element == other.element else { return false }
        guard let a = shape, let b = other.shape else { return true }
        guard a.count == b.count else { return false }
        return zip(a, b).allSatisfy { x, y in
            guard let m = x.fixed, let n = y.fixed else { return true }
            return m == n
        }
    }
}

/// What a value of a graph is. Maps and sequences exist only because ONNX has them at its edges
/// (`ZipMap`, `DictVectorizer`, `CastMap`).
public indirect enum ValueType: Sendable, Hashable, CustomStringConvertible {
    case tensor(TensorType)
    case map(key: ElementType, value: ElementType)
    case sequence(ValueType)

    public var tensor: TensorType? { if case .tensor(let type) = self { type } else { nil } }

    public var description: String {
        switch self {
        case .tensor(let type): type.description
        case .map(let key, let value): "map<\(key.rawValue), \(value.rawValue)>"
        case .sequence(let element): "seq<\(element)>"
        }
    }
}
