import MaxIR

/// Values for all settings of one declaration, checked, with defaults filled in.
public struct Settings: Sendable {
    public let declared: [Setting]
    private let values: [String: SettingValue]

    /// - Throws: `.usage` naming an unknown setting and those that there are, or a value outside of what is declared.
    public init(_ given: [String: SettingValue] = [:], for declared: [Setting]) throws(MaxError) {
        self.declared = declared
        var values: [String: SettingValue] = [:]
        for setting in declared { values[setting.name] = setting.defaultValue }
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let setting = declared.first(where: { $0.name == name }) else {
                throw MaxError(.usage, "\(name): no such setting: expected \(declared.map(\.name).joined(separator: ", "))")
            }
            if value == .null { continue }
            values[name] = try setting.checked(value)
        }
        self.values = values
    }

    /// The value of a declared setting as it stands.
    public subscript(name: String) -> SettingValue? { values[name] }

    public func has(_ name: String) -> Bool { value(name) != nil }

    public func flag(_ name: String) -> Bool { if case .flag(let value)? = value(name) { value } else { false } }

    public func integer(_ name: String) -> Int { optionalInteger(name) ?? 0 }
    public func optionalInteger(_ name: String) -> Int? { if case .integer(let value)? = value(name) { value } else { nil } }

    public func number(_ name: String) -> Double { optionalNumber(name) ?? 0 }
    public func optionalNumber(_ name: String) -> Double? { value(name).flatMap(Self.number) }

    public func text(_ name: String) -> String { optionalText(name) ?? "" }
    public func optionalText(_ name: String) -> String? { if case .text(let value)? = value(name) { value } else { nil } }

    public func integers(_ name: String) -> [Int] { list(name).compactMap { if case .integer(let value) = $0 { value } else { nil } } }
    public func numbers(_ name: String) -> [Double] { list(name).compactMap(Self.number) }
    public func texts(_ name: String) -> [String] { list(name).compactMap(Self.text) }

    public func groups(_ name: String) -> [[String]] {
        list(name).map { if case .list(let names) = $0 { names.compactMap(Self.text) } else { [] } }
    }

    public func numberByName(_ name: String) -> [String: Double] {
        if case .table(let table)? = value(name) { table.compactMapValues(Self.number) } else { [:] }
    }

    public func textByName(_ name: String) -> [String: String] {
        if case .table(let table)? = value(name) { table.compactMapValues(Self.text) } else { [:] }
    }

    private func list(_ name: String) -> [SettingValue] { if case .list(let values)? = value(name) { values } else { [] } }

    private func value(_ name: String) -> SettingValue? {
        precondition(declared.contains { $0.name == name }, "A setting must be declared before it is read")
        return values[name]
    }

    private static func number(_ value: SettingValue) -> Double? {
        switch value {
        case .number(let number): number
        case .integer(let integer): Double(integer)
        default: nil
        }
    }

    private static func text(_ value: SettingValue) -> String? { if case .text(let text) = value { text } else { nil } }
}

extension Setting {
    /// `value` if it is of this kind and in range; a whole number where a setting wants an integer, an integer where it wants a
    /// number.
    ///
    /// - Throws: `.usage` with what was found and what was expected.
    func checked(_ value: SettingValue) throws(MaxError) -> SettingValue {
        switch (kind, value) {
        case (.flag, .flag), (.text, .text): return value
        case (.integer(let range), .integer(let integer)) where range.contains(integer): return value
        case (.integer(let range), .number(let number)):
            if let integer = Int(exactly: number), range.contains(integer) { return .integer(integer) }
        case (.number(let range), .number(let number)) where range.contains(number): return value
        case (.number(let range), .integer(let integer)) where range.contains(Double(integer)): return .number(Double(integer))
        case (.choice(let choices), .text(let text)) where choices.contains(text): return value
        case (.integers(let range), .list(let list)): return try elements(list, .integer(range))
        case (.numbers(let range), .list(let list)): return try elements(list, .number(range))
        case (.texts, .list(let list)): return try elements(list, .text)
        case (.texts, .text): return .list([value])
        case (.groups, .list(let list)): return try elements(list, .texts)
        case (.numberByName(let range), .table(let table)):
            var checked: [String: SettingValue] = [:]
            for (key, value) in table.sorted(by: { $0.key < $1.key }) {
                checked[key] = try Setting("\(name).\(key)", .number(range), nil, "").checked(value)
            }
            return .table(checked)
        case (.choiceByName(let choices), .table(let table)):
            for (key, value) in table.sorted(by: { $0.key < $1.key }) {
                _ = try Setting("\(name).\(key)", .choice(choices), nil, "").checked(value)
            }
            return value
        default: break
        }
        throw MaxError(.usage, "\(name): found \(value.shown), expected \(kind.expectation)")
    }

    private func elements(_ list: [SettingValue], _ kind: Kind) throws(MaxError) -> SettingValue {
        let element = Setting(name, kind, nil, summary)
        return .list(try list.map { value throws(MaxError) in try element.checked(value) })
    }
}

extension Setting.Kind {
    /// What a person has to write.
    public var expectation: String {
        switch self {
        case .flag: "true or false"
        case .integer(let range):
            "an integer\(Self.bounds(range.lowerBound == .min, range.upperBound == .max, "\(range.lowerBound)", "\(range.upperBound)"))"
        case .number(let range):
            "a number\(Self.bounds(range.lowerBound == -.infinity, range.upperBound == .infinity, "\(range.lowerBound)", "\(range.upperBound)"))"
        case .choice(let choices): "one of \(choices.joined(separator: ", "))"
        case .text: "a text"
        case .integers(let range): "a list, each \(Self.integer(range).expectation)"
        case .numbers(let range): "a list, each \(Self.number(range).expectation)"
        case .texts: "a list of texts"
        case .groups: "a list of lists of texts"
        case .numberByName(let range): "a table of names, each with \(Self.number(range).expectation)"
        case .choiceByName(let choices): "a table of names, each with \(Self.choice(choices).expectation)"
        }
    }

    private static func bounds(_ isOpenBelow: Bool, _ isOpenAbove: Bool, _ low: String, _ high: String) -> String {
        switch (isOpenBelow, isOpenAbove) {
        case (true, true): ""
        case (false, true): " from \(low) on"
        case (true, false): " up to \(high)"
        case (false, false): " from \(low) to \(high)"
        }
    }
}
