import MaxFormats
import MaxIR

/// What the checks say about a table.
public struct DataReport: Sendable {
    public let rows: Int
    public let target: Text?
    public let summaries: [ColumnSummary]
    /// Errors first, then warnings, then notes; each in the order of the checks.
    public let findings: [Finding]
    public let notChecked: [NotChecked]
    /// Whether values from the table may be shown.
    public let quotes: Bool

    /// - Throws: `.policyFailed` naming the first errors, if there are any.
    public func requireNoErrors() throws(MaxError) {
        let errors = findings.filter { $0.severity == .error }
        guard let first = errors.first else { return }
        let more = errors.count > 1 ? " (and \(Shown.count(errors.count - 1, "more error", "more errors")))" : ""
        throw MaxError(.policyFailed, "data checks: \(first.place)\(first.check): \(first.sentence): \(first.advice)\(more)")
    }

    /// One JSON object; without values from the table unless they were asked for.
    public var json: [UInt8] {
        var out = JSONWriter()
        out.object { out in
            out.member("format", "maxai-data-report")
            out.member("version", 1)
            out.member("rows", rows)
            if let target {
                out.key("target")
                out.value(target)
            }
            out.member("errors", findings.count { $0.severity == .error })
            out.member("warnings", findings.count { $0.severity == .warning })
            out.member("findings", array: { out in for finding in findings { finding.write(&out) } })
            out.member(
                "not_checked",
                array: { out in
                    for item in notChecked {
                        out.object { out in
                            out.member("check", item.check)
                            if let column = item.column {
                                out.key("column")
                                out.value(column)
                            }
                            out.member("reason", item.reason)
                        }
                    }
                })
            out.member("columns", array: { out in for summary in summaries { summary.write(&out, quotes: quotes) } })
        }
        return out.bytes
    }

    /// A table for a terminal: one finding a line, with what to do below it.
    public var text: String {
        guard !findings.isEmpty else { return "no findings in \(rows) rows of \(Shown.count(summaries.count, "column", "columns"))\n" }
        var out = ""
        for finding in findings {
            let head = "\(finding.severity.rawValue)".padded(8) + "\(finding.code) \(finding.check)".padded(25)
            out += "\(head)\(finding.place)\(finding.sentence)\n"
            if !finding.examples.isEmpty {
                out += String(repeating: " ", count: 33) + "for example \(finding.examples.joined(separator: ", "))\n"
            }
            out += String(repeating: " ", count: 33) + "\(finding.advice)\n"
        }
        for item in notChecked {
            out += "not checked".padded(8) + " \(item.check): \(item.column.map { "column \($0.quoted): " } ?? "")\(item.reason)\n"
        }
        let counts = Finding.Severity.allCases.map { severity in
            let count = findings.count { $0.severity == severity }
            return Shown.count(count, severity.rawValue, severity.rawValue + "s")
        }
        return out + "\(counts.joined(separator: ", ")) in \(rows) rows of \(Shown.count(summaries.count, "column", "columns"))\n"
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(width - count, 1)) }
}

extension Finding {
    fileprivate var place: String { column.map { "column \($0.quoted): " } ?? "" }

    fileprivate func write(_ out: inout JSONWriter) {
        out.object { out in
            out.member("check", check)
            out.member("code", code)
            out.member("severity", severity.rawValue)
            if let column {
                out.key("column")
                out.value(column)
            }
            if let other {
                out.key("other")
                out.value(other)
            }
            out.member("numbers", object: { out in for number in numbers { out.member(number.name, number.value) } })
            out.member("sentence", sentence)
            out.member("advice", advice)
            if !examples.isEmpty { out.member("examples", array: { out in for example in examples { out.value(example) } }) }
        }
    }
}

extension ColumnSummary {
    /// - Parameter quotes: whether the most frequent values are written.
    func write(_ out: inout JSONWriter, quotes: Bool) {
        out.object { out in
            out.key("name")
            out.value(name)
            out.member("type", element.rawValue)
            out.member("rows", rows)
            out.member("missing", missing)
            out.member("nan", nan)
            out.member("distinct", distinct)
            out.member("exact", isExact)
            if let numbers {
                for (name, value) in [
                    ("minimum", numbers.minimum), ("maximum", numbers.maximum), ("mean", numbers.mean),
                    ("standard_deviation", numbers.standardDeviation),
                ] {
                    if let value { out.member(name, value) }
                }
                out.member("infinite", numbers.infinite)
                out.member("negative", numbers.negative)
                out.member("zero", numbers.zero)
                out.member("quantiles", object: { out in for item in numbers.quantiles { out.member("\(item.share)", item.value) } })
            }
            if let texts {
                out.member("empty", texts.empty)
                out.member("minimum_bytes", texts.minimumBytes)
                out.member("maximum_bytes", texts.maximumBytes)
                out.member("mean_bytes", texts.meanBytes)
                out.member("as_numbers", texts.asNumbers)
                out.member("as_times", texts.asTimes)
                out.member("not_utf8", texts.notUTF8)
            }
            if quotes {
                out.member(
                    "frequent",
                    array: { out in
                        for item in frequent.prefix(Self.frequentLimit) {
                            out.object { out in
                                out.key("value")
                                switch item.value {
                                case .number(let value): out.value(value)
                                case .integer(let value): out.value(value)
                                case .text(let value): out.value(value)
                                }
                                out.member("count", item.count)
                            }
                        }
                    })
            }
        }
    }
}
