import MaxFeatures
import MaxIR
import MaxLearning
import MaxSettings

/// A recipe as a person starts from: every setting there is, with what it does, defaults commented out.
public enum RecipeText {
    /// - Parameters:
    ///   - given: settings to write as they are, by `section.name`.
    ///   - notes: lines about the data for the head of the file.
    public static func commented(_ given: [String: SettingValue], learner: Learner, notes: [String]) -> String {
        var lines = notes.map { "# \($0)" }
        lines += ["# Lines that start with # show defaults; take the # away to change one.", "version: 1", "seed: 1"]
        for section in RecipeSections.all {
            lines += ["", "# \(section.summary)", "\(section.name):"]
            let start = lines.count
            for setting in section.settings {
                let value = given["\(section.name).\(setting.name)"]
                lines.append(line(setting, value, indent: "  "))
            }
            if section.name == "learner" {
                lines += ["  # \(learner.summary)", "  settings:"]
                for setting in learner.settings { lines.append(line(setting, nil, indent: "    ")) }
            }
            if section.name == "features" { lines += columnsExample }
            // A table whose entries are all comments would be null: say so.
            if lines[start...].allSatisfy({ $0.hasPrefix("  #") }) { lines[start - 1] += " {}" }
        }
        lines += gatesExample
        return lines.joined(separator: "\n").replacing("  settings:\n    #", with: "  settings: {}\n    #") + "\n"
    }

    private static let columnsExample = [
        "  # columns:                                  # steps for some columns, instead of the standard ones",
        "  #   - columns: [amount]",
        "  #     steps: [log, {impute: {strategy: median}}, standard_scaler]",
    ]

    private static let gatesExample = [
        "", "# What the model must reach, or nothing is written", "# gates:", "#   - {metric: auc, minimum: 0.7}",
    ]

    private static func line(_ setting: Setting, _ value: SettingValue?, indent: String) -> String {
        let shown = "\(setting.name): \((value ?? setting.defaultValue).map(yaml) ?? "")"
        let left = indent + (value == nil ? "# " : "") + shown
        return left + String(repeating: " ", count: max(2, 44 - left.count)) + "# " + setting.summary + expectation(setting)
    }

    private static func expectation(_ setting: Setting) -> String {
        switch setting.kind {
        case .flag, .text, .texts: ""
        default: "; \(setting.kind.expectation)"
        }
    }

    /// A value as YAML has it, in flow style.
    static func yaml(_ value: SettingValue) -> String {
        switch value {
        case .flag(let flag): flag ? "true" : "false"
        case .integer(let integer): "\(integer)"
        case .number(let number): number == .infinity ? ".inf" : number == -.infinity ? "-.inf" : "\(number)"
        case .text(let text): plainOrQuoted(text)
        case .list(let values): "[" + values.map(yaml).joined(separator: ", ") + "]"
        case .table(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\(plainOrQuoted($0.key)): \(yaml($0.value))" }.joined(separator: ", ") + "}"
        case .null: "null"
        }
    }

    private static func plainOrQuoted(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) } == true
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || "_-./".utf8.contains(byte)
            }
        if isPlain, !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased()) { return text }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case let scalar where scalar.value < 0x20 || scalar.value == 0x7f:
                let hex = String(scalar.value, radix: 16)
                out += "\\x" + String(repeating: "0", count: 2 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
