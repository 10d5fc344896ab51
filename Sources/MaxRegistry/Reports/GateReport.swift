import MaxIR

/// What the gates of one version came to, for people and for the systems that run them.
public struct GateReport: Sendable {
    /// `verify`, `promote` or `replay`.
    public var command: String
    /// `fraud@1.2`.
    public var subject: String
    /// The alias; nil where there is none.
    public var target: String?
    /// A path or URI, for reports that say where.
    public var artifact: String
    public var gates: [GateResult]

    public init(command: String, subject: String, target: String? = nil, artifact: String, gates: [GateResult]) {
        self.command = command
        self.subject = subject
        self.target = target
        self.artifact = artifact
        self.gates = gates
    }

    public var passed: Bool { gates.allSatisfy { $0.state == .pass || $0.state == .waived } }

    var title: String { target.map { "\(subject) to \($0)" } ?? subject }
}

/// Forms of a report.
public enum ReportFormat: String, CaseIterable, Sendable {
    case text, json, sarif, junit, github, gitlab

    /// UTF-8. Equal reports give equal bytes: no times and no random numbers.
    public func render(_ report: GateReport) -> [UInt8] {
        switch self {
        case .text: Array(report.text.utf8)
        case .json: report.json
        case .sarif: report.sarif
        case .junit: Array(report.junit.utf8)
        case .github: Array(report.github.utf8)
        case .gitlab: report.gitlab
        }
    }
}

extension String {
    /// Control characters made visible: names come from files, and terminals and logs obey escapes.
    var printable: String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                out += "\\u{\(String(scalar.value, radix: 16))}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
