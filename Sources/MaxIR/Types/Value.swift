/// A value of a graph while it is evaluated.
public enum Value: Sendable, Hashable {
    case tensor(Tensor)
    /// Keys (i64 or string) and values of equal number, in the order in which they were written.
    case map(keys: Tensor, values: Tensor)
    case sequence([Value])

    public var tensor: Tensor? { if case .tensor(let tensor) = self { tensor } else { nil } }
}
