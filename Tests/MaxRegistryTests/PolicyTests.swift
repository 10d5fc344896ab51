import MaxIR
import MaxRegistry
import Testing

@Suite struct PolicyTests {
    private func code(_ text: String) -> MaxError.Code? {
        RegistryFixture.code { _ = try Policy(Array(text.utf8), place: "policy") }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"schema":"maxai.policy/2","require":{}}"#, #"{"schema":"maxai.policy/1"}"#,
        #"{"schema":"maxai.policy/1","schema":"maxai.policy/1","require":{}}"#, #"{"schema":"maxai.policy/1","require":{},"x":1}"#,
        #"{"schema":"maxai.policy/1","require":{}} "x""#, #"{"schema":"maxai.policy/1","model":"../x","require":{}}"#,
        #"{"schema":"maxai.policy/1","alias":"a\u001b[31m","require":{}}"#,
    ])
    func `policies that are none`(text: String) { #expect(code(text) == .malformed) }

    @Test(arguments: [
        #""signatures":[{"role":"king","threshold":1}]"#, #""signatures":[{"role":"root","threshold":1}]"#,
        #""signatures":[{"role":"builder","threshold":0}]"#, #""signatures":[{"role":"builder","threshold":1.0}]"#,
        #""signatures":[{"role":"builder","threshold":9007199254740993}]"#, #""signatures":{"role":"builder"}"#,
        #""signatures":[{"role":"builder"}]"#, #""metrics":[{"id":"auc","op":"=","value":1}]"#,
        #""metrics":[{"id":"auc","op":">=","value":1e999}]"#, #""metrics":[{"id":"auc","op":">="}]"#,
        #""metrics":[{"id":"auc","op":">=","value":1,"baseline":"prod"}]"#, #""metrics":[{"id":"auc","op":">=","value":1,"delta":1}]"#,
        #""metrics":[{"id":"auc","op":">=","value":1,"dataset":"sha256:x"}]"#, #""drift":{}"#, #""drift":{"psiMax":-1}"#,
        #""latency":{"against":"prod"}"#, #""latency":{"against":"prod","maxRegressionPct":5,"alpha":0.5}"#, #""parity":{"maxUlp":-1}"#,
        #""parity":{"maxUlp":"0"}"#, #""rebuild":1"#, #""soak":{"from":"staging"}"#, #""soak":{"from":"staging","period":"1h"}"#,
        #""attestations":[{"type":"novel"}]"#, #""unknown":1"#,
    ])
    func `rules that make no sense`(rule: String) { #expect(code(RegistryFixture.requiring(rule)) == .malformed) }

    @Test func `limits on both sides`() {
        func rules(_ count: Int) -> String {
            let rule = #"{"id":"auc","op":">=","value":1}"#
            return RegistryFixture.requiring("\"metrics\":[\(Array(repeating: rule, count: count).joined(separator: ","))]")
        }
        #expect(code(rules(256)) == nil)
        #expect(code(rules(257)) == .limitExceeded)
        let nested = String(repeating: "[", count: 1_000_000)
        #expect([.malformed, .limitExceeded].contains(code(nested)))
        #expect(code(String(repeating: " ", count: (1 << 20) + 1)) == .limitExceeded)
    }

    /// scipy 1.17: `mannwhitneyu(a, b, alternative="greater", method="asymptotic")`.
    @Test func `the rank test is scipy's`() {
        let a: [Double] = [5, 6, 7, 8, 9, 10, 11]
        let b: [Double] = [1, 2, 3, 4, 5, 6, 7]
        #expect(abs(MannWhitney.probability(a, isLargerThan: b) - 0.006_211_881_699_234_244) < 1e-12)
        #expect(abs(MannWhitney.probability(b, isLargerThan: a) - 0.995_706_485_848_225_9) < 1e-12)
        #expect(abs(MannWhitney.probability(a, isLargerThan: a) - 0.525_668_101_203_340_8) < 1e-10)
        #expect(MannWhitney.probability([], isLargerThan: b) == 1)
        #expect(MannWhitney.probability([1, 1, 1], isLargerThan: [1, 1]) == 1)
        #expect(MannWhitney.median([3, 1, 2]) == 2 && MannWhitney.median([4, 1, 2, 3]) == 2.5 && MannWhitney.median([]) == 0)
    }

    @Test func `reports show no control character, and are the same every time`() {
        let report = GateReport(
            command: "promote", subject: "fraud@1", target: "prod", artifact: "fraud@1",
            gates: [
                GateResult(id: "standing", state: .pass, message: "fine"),
                GateResult(id: "metric/auc", state: .fail, message: "a \u{1b}[31m<b>\n\"x\" 100% & 'y', z: \u{202e}"),
                GateResult(id: "drift", state: .error, message: "e"), GateResult(id: "latency", state: .waived, message: "w"),
            ])
        #expect(!report.passed)
        for format in ReportFormat.allCases {
            let bytes = format.render(report)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.unicodeScalars.contains { $0.value == 0x1b || $0.value == 0x202e }, "\(format)")
            #expect(bytes == format.render(report))
        }
        func text(_ format: ReportFormat) -> String { String(decoding: format.render(report), as: UTF8.self) }
        #expect(text(.junit).contains(#"tests="4" failures="1" errors="1" skipped="1""#))
        #expect(text(.junit).contains(#"<failure message="a \u{1b}[31m&lt;b&gt;\u{a}&quot;x&quot; 100% &amp; &#39;y&#39;, z: \u{202e}"/>"#))
        #expect(text(.github).contains("::error title=promote fraud@1 to prod%3A metric/auc::a \\u{1b}[31m<b>\\u{a}\"x\" 100%25 &"))
        #expect(text(.sarif).contains(#""ruleId":"metric/auc","ruleIndex":1,"level":"error""#))
        #expect(text(.sarif).contains(#""level":"note""#))
        #expect(text(.gitlab).contains(#""check_name":"drift""#))
        #expect(text(.text).split(separator: "\n").count == 5)
    }
}
