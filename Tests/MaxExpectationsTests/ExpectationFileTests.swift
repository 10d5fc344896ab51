import MaxExpectations
import MaxIR
import Testing

private let head = #"{"format":"maxai-expectations","version":1,"columns":["#

private func failure(_ json: String) -> MaxError? { failure(Array(json.utf8)) }
private func failure(_ bytes: [UInt8]) -> MaxError? {
    do throws(MaxError) {
        _ = try Expectations(json: bytes)
        return nil
    } catch {
        return error
    }
}

@Suite struct ExpectationFileTests {
    @Test func whatIsWrittenIsReadAgain() throws {
        let expectations = Expectations(
            minimumRows: 7,
            columns: [
                ColumnExpectation(name: "a", element: .f64, maximumMissingShare: 0.125, minimum: -1.5, maximum: 1e300, isNotConstant: true),
                ColumnExpectation(
                    name: "b \"é\"\n", element: .string, maximumMissingShare: 0, categories: ["x", "", "é"], maximumOtherShare: 0.5),
                ColumnExpectation(name: "c", element: .timestamp, minimum: -0x1p60), ColumnExpectation(name: "d", element: .bool),
            ])
        #expect(try Expectations(json: expectations.json) == expectations)
        #expect(try Expectations(json: Expectations(columns: []).json) == Expectations(columns: []))
    }

    @Test func theFormIsThatOfTheDocument() throws {
        let expectations = Expectations(
            minimumRows: 1, columns: [ColumnExpectation(name: "age", element: .f64, maximumMissingShare: 0, minimum: 0, maximum: 120)])
        let text = String(decoding: expectations.json, as: UTF8.self)
        #expect(
            text == """
                {"format":"maxai-expectations","version":1,"minimum_rows":1,"columns":[
                {"name":"age","type":"f64","maximum_missing_share":0.0,"minimum":0.0,"maximum":120.0}
                ]}

                """)
    }

    @Test(arguments: [
        ("", "expectations: json: byte 0"), ("{", "expectations: json: byte 1"),
        ("[]", "expectations: file: found an array, expected an object"),
        ("{}", "expectations: format: expected \"maxai-expectations\""),
        (#"{"format":1}"#, "expectations: format: found a number, expected a string"),
        (#"{"format":"other"}"#, "expectations: format: expected \"maxai-expectations\""),
        (#"{"format":"maxai-expectations"}"#, "expectations: file: 'version' is missing"),
        (#"{"format":"maxai-expectations","version":"1"}"#, "expectations: version: found a string, expected an integer"),
        (#"{"format":"maxai-expectations","version":1.5}"#, "expectations: version: found 1.5, expected an integer from 0 on"),
        (#"{"format":"maxai-expectations","version":2,"columns":[]}"#, "expectations: version: found 2, expected 1"),
        (#"{"format":"maxai-expectations","version":1}"#, "expectations: file: 'columns' is missing"),
        (#"{"format":"maxai-expectations","version":1,"columns":{}}"#, "expectations: columns: found an object, expected an array"),
        (#"{"format":"maxai-expectations","version":1,"columns":[1]}"#, "expectations: columns[0]: found a number"),
        (
            #"{"format":"maxai-expectations","version":1,"columns":[],"more":1}"#,
            "expectations: file: found member \"more\", expected some of format"
        ),
        (
            #"{"format":"maxai-expectations","version":1,"columns":[],"minimum_rows":-1}"#,
            "expectations: minimum_rows: found -1.0, expected an integer from 0 on"
        ),
        (#"{"format":"maxai-expectations","version":1,"columns":[],"minimum_rows":1e30}"#, "expectations: minimum_rows: found 1e+30"),
        (#"{"format":"maxai-expectations","version":1,"columns":[],"minimum_rows":NaN}"#, "expectations: minimum_rows: found nan"),
        (
            #"{"format":"maxai-expectations","version":1,"columns":[],"columns":[]}"#,
            "expectations: json: byte 56: key \"columns\" stands twice"
        ),
        (head + "null]}", "expectations: columns[0]: found null, expected an object"),
        (head + "{}]}", "expectations: columns[0]: 'name' is missing"),
        (head + #"{"name":""}]}"#, "expectations: columns[0].name: found 0 bytes"),
        (head + #"{"name":7}]}"#, "expectations: columns[0].name: found a number, expected a string"),
        (head + #"{"name":"a"}]}"#, "expectations: columns[0]: 'type' is missing"),
        (head + #"{"name":"a","type":"float"}]}"#, "expectations: columns[0].type: found \"float\", expected one of f64, f32"),
        (head + #"{"name":"a","type":"f64","nul":0}]}"#, "expectations: columns[0]: found member \"nul\""),
        (head + #"{"name":"a","type":"f64"},{"name":"a","type":"f64"}]}"#, "expectations: columns[1].name: column \"a\" stands twice"),
        (
            head + #"{"name":"a","type":"f64","maximum_missing_share":1.01}]}"#,
            "expectations: columns[0].maximum_missing_share: found 1.01, expected 0.0 to 1.0"
        ),
        (
            head + #"{"name":"a","type":"f64","maximum_missing_share":-1e-9}]}"#,
            "expectations: columns[0].maximum_missing_share: found -1e-09"
        ),
        (head + #"{"name":"a","type":"f64","maximum_missing_share":NaN}]}"#, "expectations: columns[0].maximum_missing_share: found nan"),
        (head + #"{"name":"a","type":"f64","maximum_missing_share":null}]}"#, "expectations: columns[0].maximum_missing_share: found null"),
        (head + #"{"name":"a","type":"f64","minimum":"0"}]}"#, "expectations: columns[0].minimum: found a string, expected a number"),
        (head + #"{"name":"a","type":"f64","minimum":-Infinity}]}"#, "expectations: columns[0].minimum: found -inf"),
        (head + #"{"name":"a","type":"f64","maximum":1e999}]}"#, "expectations: columns[0].maximum: found inf"),
        (
            head + #"{"name":"a","type":"f64","minimum":2,"maximum":1}]}"#,
            "expectations: columns[0].maximum: found 1.0, expected at least the minimum 2.0"
        ),
        (head + #"{"name":"a","type":"string","minimum":2}]}"#, "expectations: columns[0].minimum: a column of string has no bounds"),
        (head + #"{"name":"a","type":"bool","maximum":2}]}"#, "expectations: columns[0].maximum: a column of bool has no bounds"),
        (
            head + #"{"name":"a","type":"f64","categories":["x"]}]}"#,
            "expectations: columns[0].categories: a column of f64 has no categories"
        ),
        (
            head + #"{"name":"a","type":"string","categories":["x","x"]}]}"#,
            "expectations: columns[0].categories[1]: the category stands twice"
        ),
        (head + #"{"name":"a","type":"string","categories":[1,2]}]}"#, "expectations: columns[0].categories[0]: found a number"),
        (
            head + #"{"name":"a","type":"string","categories":["x",null]}]}"#,
            "expectations: columns[0].categories[1]: found null, expected a string"
        ),
        (
            head + #"{"name":"a","type":"string","categories":"x"}]}"#,
            "expectations: columns[0].categories: found a string, expected an array"
        ),
        (
            head + #"{"name":"a","type":"string","maximum_other_share":0.5}]}"#,
            "expectations: columns[0].maximum_other_share: there are no categories for it"
        ),
        (
            head + #"{"name":"a","type":"string","categories":[],"maximum_other_share":2}]}"#,
            "expectations: columns[0].maximum_other_share: found 2.0"
        ),
        (
            head + #"{"name":"a","type":"f64","not_constant":1}]}"#,
            "expectations: columns[0].not_constant: found a number, expected true or false"
        ),
        (head + "]} x", "expectations: json: byte"),
    ])
    func whatIsWrongIsNamed(json: String, message: String) throws {
        let found = try #require(failure(json))
        #expect(found.message.hasPrefix(message), "\(found.message)")
        #expect(found.code == (json.contains(#""version":2"#) ? .unsupported : .malformed))
    }

    @Test func whatIsTooLargeOrNoTextIsRefused() {
        #expect(
            failure(head + #"{"name":""# + String(repeating: "x", count: 5000) + #"","type":"f64"}]}"#)?.message.contains(
                "columns[0].name: found 5000 bytes") == true)
        #expect(failure(String(repeating: "[", count: 1000))?.code == .limitExceeded)
        let many = (0...Limits.ports).map { #"{"name":"c\#($0)","type":"f64"}"# }.joined(separator: ",")
        #expect(failure(head + many + "]}")?.code == .limitExceeded)
        #expect(
            failure(Array((head + "{\"name\":\"").utf8) + [0xff] + Array("\",\"type\":\"f64\"}]}".utf8))?.message.contains("not UTF-8")
                == true)
    }

    @Test func trainingDataMakesThem() throws {
        let table = TestTable([
            ("n", .doubles((0..<200).map { Double($0 % 50) })), ("m", .doubles((0..<200).map { $0 % 4 == 0 ? nil : -Double($0) })),
            ("i", .integers((0..<200).map { Int64($0 % 8) + 2 })), ("t", .texts((0..<200).map { ["b", "a", "c"][$0 % 3] })),
            ("u", .texts((0..<200).map { _ in Text(utf8: [0xff]) })), ("x", .doubles((0..<200).map { $0 == 5 ? .infinity : 1 })),
            ("d", .times((0..<200).map { Int64($0) })), ("e", .doubles([Double?](repeating: nil, count: 200))),
        ])
        let made = Expectations(from: try table.batches().summaries())
        let columns = made.columns
        #expect(made.minimumRows == 1)
        #expect(
            columns[0]
                == ColumnExpectation(
                    name: "n", element: .f64, maximumMissingShare: 0, minimum: 0, maximum: 49 + 49 * 0.1, isNotConstant: true))
        #expect(columns[1].maximumMissingShare == 0.3 && columns[1].maximum == 0)
        #expect(columns[2].minimum == 1 && columns[2].maximum == 10)
        #expect(columns[3].categories == ["a", "b", "c"] && columns[3].maximumOtherShare == 0.01)
        #expect(columns[4].categories == nil && !columns[4].isNotConstant)
        #expect(columns[5].minimum == nil && !columns[5].isNotConstant)
        #expect(columns[6].minimum == nil && columns[6].isNotConstant)
        #expect(columns[7] == ColumnExpectation(name: "e", element: .f64))
        #expect(try Expectations(json: made.json) == made)
        // The data that made them are as expected.
        let check = ExpectationCheck(try ExpectationRules(made, columns: columns.map(\.name)))
        #expect(table.views.withUnsafeBufferPointer { check.check($0, rows: 200) })
        #expect(check.tableViolations().isEmpty)
    }
}
