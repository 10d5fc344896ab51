import MaxRegistry
import Testing

@Suite struct GateReportTests {
    let hostile = "a\u{1b}[31m\nb<\u{338}&\"'%: ,\u{202e}::error::x"

    private func report(_ message: String) -> GateReport {
        GateReport(
            command: "promote", subject: "fraud@1.2", target: "prod", artifact: "models/fraud 1.maxb",
            gates: [
                GateResult(id: "signatures/approver", state: .pass, message: "2 of 2"),
                GateResult(id: "metrics/auc", state: .fail, message: message),
                GateResult(id: "drift", state: .error, message: "no baseline"),
                GateResult(id: "latency", state: .waived, message: "until 2027-01-01"),
            ])
    }

    private func text(_ format: ReportFormat, _ message: String = "0.90 < 0.91") -> String {
        String(decoding: format.render(report(message)), as: UTF8.self)
    }

    @Test func textHasALinePerGate() {
        #expect(
            text(.text) == """
                promote fraud@1.2 to prod: failed
                  pass    signatures/approver  2 of 2
                  FAIL    metrics/auc          0.90 < 0.91
                  ERROR   drift                no baseline
                  waived  latency              until 2027-01-01

                """)
    }

    @Test func githubAnnotatesWhatDidNotPass() {
        let lines = text(.github, "50% less").split(separator: "\n")
        #expect(lines[0] == "::error title=promote fraud@1.2 to prod%3A metrics/auc::50%25 less")
        #expect(lines[2] == "::notice title=promote fraud@1.2 to prod%3A latency::until 2027-01-01")
        #expect(lines[3] == "promote fraud@1.2 to prod: failed")
    }

    @Test func junitCountsAndEscapes() {
        let xml = text(.junit)
        #expect(xml.contains("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""))
        #expect(xml.contains("<failure message=\"0.90 &lt; 0.91\"/>"))
    }

    @Test(arguments: ReportFormat.allCases) func nothingOfANameReachesATerminal(format: ReportFormat) {
        let bytes = format.render(report(hostile))
        #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x0a })
        #expect(!String(decoding: bytes, as: UTF8.self).unicodeScalars.contains("\u{202e}") || format == .json)
        #expect(bytes == format.render(report(hostile)))
    }

    @Test func aCombiningMarkHidesNoMarkup() {
        #expect(text(.junit, "<\u{338}b").unicodeScalars.map(String.init).joined(separator: "|").contains("&|l|t|;|\u{338}"))
        #expect(text(.github, "%\u{338}0A").unicodeScalars.map(String.init).joined(separator: "|").contains("%|2|5|\u{338}|0|A"))
    }

    @Test func sarifHasWhatCodeScanningAsksFor() {
        let json = text(.sarif)
        for member in [
            "\"version\":\"2.1.0\"", "\"$schema\":", "\"name\":\"maxai-registry\"", "\"rules\":[{\"id\":\"signatures/approver\"",
            "\"ruleId\":\"metrics/auc\"", "\"level\":\"error\"", "\"level\":\"note\"", "\"partialFingerprints\":{\"gate/v1\":",
            "\"artifactLocation\":{\"uri\":\"models/fraud%201.maxb\"}",
        ] { #expect(json.contains(member), "\(member)") }
        #expect(!json.contains("\"ruleId\":\"signatures/approver\""))
    }
}
