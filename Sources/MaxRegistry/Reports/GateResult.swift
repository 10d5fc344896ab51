/// What one rule of a policy, or one check, came to.
public struct GateResult: Sendable, Equatable {
    public enum State: String, Sendable {
        case pass
        case fail
        /// It could not be told.
        case error
        /// It failed, and somebody signed that it may.
        case waived
    }

    /// Stable from run to run: `signatures/approver`.
    public var id: String
    public var state: State
    public var message: String

    public init(id: String, state: State, message: String) {
        self.id = id
        self.state = state
        self.message = message
    }
}
