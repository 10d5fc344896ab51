/// A constant that parameterizes an operator.
public enum Attribute: Sendable, Hashable {
    case int(Int64)
    case float(Double)
    case string(Text)
    case ints([Int64])
    case floats([Double])
    case strings([Text])
    case type(ElementType)
    case tensor(Tensor)

    public enum Kind: String, Sendable, CaseIterable { case int, float, string, ints, floats, strings, type, tensor }

    public var kind: Kind {
        switch self {
        case .int: .int
        case .float: .float
        case .string: .string
        case .ints: .ints
        case .floats: .floats
        case .strings: .strings
        case .type: .type
        case .tensor: .tensor
        }
    }

    public static func == (a: Attribute, b: Attribute) -> Bool {
        switch (a, b) {
        case (.int(let x), .int(let y)): x == y
        case (.float(let x), .float(let y)): x.bitPattern == y.bitPattern
        case (.string(let x), .string(let y)): x == y
        case (.ints(let x), .ints(let y)): x == y
        case (.floats(let x), .floats(let y)): x.elementsEqual(y) { $0.bitPattern == $1.bitPattern }
        case (.strings(let x), .strings(let y)): x == y
        case (.type(let x), .type(let y)): x == y
        case (.tensor(let x), .tensor(let y)): x == y
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        switch self {
        case .int(let x): hasher.combine(x)
        case .float(let x): hasher.combine(x.bitPattern)
        case .string(let x): hasher.combine(x)
        case .ints(let x): hasher.combine(x)
        case .floats(let x): for value in x { hasher.combine(value.bitPattern) }
        case .strings(let x): hasher.combine(x)
        case .type(let x): hasher.combine(x)
        case .tensor(let x): hasher.combine(x)
        }
    }
}
