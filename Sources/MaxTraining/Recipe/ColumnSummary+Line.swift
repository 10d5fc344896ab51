import MaxExpectations
import MaxIR

extension ColumnSummary {
    /// One line for a person: name, type, how many values, how many missing, and the range.
    public var line: String {
        func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
        var parts = ["\(name.quoted): \(element.rawValue)"]
        if missing > 0 { parts.append("\(percent(missingShare)) missing") }
        parts.append(range)
        return parts.joined(separator: ", ")
    }

    /// How many different values, and from where to where they go.
    var range: String {
        func short(_ value: Double?) -> String { value.map { Int64(exactly: $0).map { "\($0)" } ?? "\($0)" } ?? "?" }
        let count = "\(isExact ? "" : "over ")\(distinct) values"
        guard let numbers, numbers.minimum != nil else { return count }
        return "\(count) from \(short(numbers.minimum)) to \(short(numbers.maximum))"
    }
}
