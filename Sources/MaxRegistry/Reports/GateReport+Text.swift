import MaxFormats
import MaxRuntime

extension GateReport {
    /// A line per gate.
    var text: String {
        let width = gates.map(\.id.count).max() ?? 0
        var out = "\(command) \(title): \(passed ? "passed" : "failed")\n".printableLines
        for gate in gates {
            let padding = String(repeating: " ", count: width - gate.id.count)
            out += "  \(gate.state.word)  \(gate.id.printable)\(padding)  \(gate.message.printable)\n"
        }
        return out
    }

    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("command", command)
            json.member("subject", subject)
            if let target { json.member("target", target) }
            json.member("passed", passed)
            json.member(
                "gates",
                array: { json in
                    for gate in gates {
                        json.object {
                            $0.member("id", gate.id)
                            $0.member("state", gate.state.rawValue)
                            $0.member("message", gate.message.printable)
                        }
                    }
                })
        }
        return json.bytes
    }

    /// Workflow commands of GitHub Actions, then the text.
    var github: String {
        var out = ""
        for gate in gates where gate.state != .pass {
            let level = gate.state == .waived ? "notice" : "error"
            let heading = Self.property("\(command) \(title): \(gate.id)".printable)
            out += "::\(level) title=\(heading)::\(Self.data(gate.message.printable))\n"
        }
        return out + text
    }

    private static func data(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { out, scalar in
            switch scalar {
            case "%": out += "%25"
            case "\r": out += "%0D"
            case "\n": out += "%0A"
            default: out.unicodeScalars.append(scalar)
            }
        }
    }

    private static func property(_ text: String) -> String {
        data(text).unicodeScalars.reduce(into: "") { out, scalar in
            switch scalar {
            case ":": out += "%3A"
            case ",": out += "%2C"
            default: out.unicodeScalars.append(scalar)
            }
        }
    }

    /// The same finding in every run, so that no system counts it twice.
    func fingerprint(_ gate: GateResult) -> String {
        Array("\(command)\n\(subject)\n\(target ?? "")\n\(gate.id)".utf8).withUnsafeBytes { SHA256.hash($0) }.hex
    }
}

extension GateResult.State {
    /// Four letters wide, for columns.
    var word: String {
        switch self {
        case .pass: "pass  "
        case .fail: "FAIL  "
        case .error: "ERROR "
        case .waived: "waived"
        }
    }
}

extension String {
    /// As `printable`, but for the line's end.
    fileprivate var printableLines: String { String(dropLast()).printable + "\n" }
}
