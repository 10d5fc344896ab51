import MaxExpectations
import MaxIR

extension ColumnSummary {
    /// One line for a person: name, type, how many values, how many missing, and the range.
    public var line: String {
        func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
        func short(_ value: Double?) -> String { value.map { Int64(exactly: $0).map { "\($0)" } ?? "\($0)" } ?? "?" }
        var parts = ["\(name.quoted): \(element.rawValue)", "\(isExact ? "" : "over ")\(distinct) values"]
        if missing > 0 { parts.append("\(percent(missingShare)) missing") }
        if let numbers, numbers.minimum != nil { parts.append("from \(short(numbers.minimum)) to \(short(numbers.maximum))") }
        return parts.joined(separator: ", ")
    }
}
