import MaxIR

extension MissingPolicy? {
    /// What happens to a missing value, in words.
    var phrase: String {
        switch self {
        case nil, .error: "required"
        case .nan: "missing is NaN"
        case .value(.string(let text)): "missing is \(text.quoted)"
        case .value(.int(let number)): "missing is \(number)"
        case .value(.float(let number)): "missing is \(number)"
        case .value: "missing has a value"
        }
    }
}
