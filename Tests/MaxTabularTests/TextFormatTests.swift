import MaxCases
import MaxIR
import MaxTabular
import Testing

@Suite struct TextFormatTests {
    @Test func csvIsWrittenAsRFC4180() throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["t.csv"])
        #expect(
            try folder.text("t.csv") == """
                x,y,n,k,flag,city,at
                0.1,0.1,9223372036854775807,2147483647,true,"Zürich, ""CH""\",1970-01-01T00:00:00Z
                -0.0,1e-300,-9223372036854775808,-2147483648,false,"",1969-12-31T23:59:59.999999Z
                ,,,,,,
                3.4028235e+38,5e-324,-1,-1,true,"a
                b\\",2013-01-01T10:00:00Z
                1.0,1.5,7,7,false,"NA",9999-12-31T23:59:59.999999Z

                """)
    }

    @Test func ndjsonIsWrittenAsRFC8259() throws {
        let folder = try ScratchFolder()
        let text = Text(utf8: Array("q\" \\ \n \u{1} é ".utf8) + [0xff, 0xc3])
        let writer = try TableWriter(folder["t.ndjson"], columns: [OutputColumn("a\"b", .string), OutputColumn("v", .f64)])
        try writer.write(
            rows: 2,
            [.made(try ColumnBuffer(texts: [text, nil])), .made(try Sample.buffer(.f64, [Double.nan, 1e22], missing: []))])
        try writer.finish()
        #expect(
            try folder.text("t.ndjson") == """
                {"a\\"b":"q\\" \\\\ \\n \\u0001 é \u{FFFD}\u{FFFD}","v":null}
                {"a\\"b":null,"v":1e+22}

                """)
    }

    @Test func typesAreInferred() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "i,f,b,s,d,t,u\n1,1.5,true,x,2013-01-01,12:30:00,\n,NaN,,,,,\n")
        let table = try TableReader.open(path)
        #expect(table.columns.map(\.element) == [.i64, .f64, .bool, .string, .timestamp, .string, .string])
        let cells = try table.cells()
        #expect(cells[0] == [.int(1), .missing])
        #expect(cells[3] == [.text("x"), .missing])
        #expect(cells[4] == [.int(1_356_998_400_000_000), .missing])
        #expect(cells[5] == [.text("12:30:00"), .missing])
        #expect(cells[6] == [.missing, .missing])
    }

    @Test func givenTypesAreFollowed() throws {
        let folder = try ScratchFolder()
        var options = TableReader.Options()
        options.types = [("a", .f32), ("b", .string), ("absent", .i64)]
        for (name, content) in [
            ("t.csv", "a,b\n1,2013-01-01\n,007\n"),
            ("t.ndjson", "{\"a\":1,\"b\":\"2013-01-01\"}\n{\"b\":\"007\"}\n"),
        ] {
            let table = try TableReader.open(try folder.write(name, content), options: options)
            #expect(table.columns.map(\.element) == [.f32, .string])
            #expect(try table.cells() == [[.number(1), .missing], [.text("2013-01-01"), .text("007")]])
        }
    }

    @Test func missingTextsCanBeChosen() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "a,s\n?,?\nNA,NA\n\"?\",\"?\"\n")
        var options = TableReader.Options()
        options.missingTexts = ["?"]
        options.types = [("a", .string)]
        let cells = try TableReader.open(path, options: options).cells()
        #expect(cells == Array(repeating: [.missing, .text("NA"), .text("?")], count: 2))
    }

    @Test func aColumnOfItsOwnKeepsItsEmptyLines() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "a\n1\n\n3\n")
        #expect(try TableReader.open(path).cells() == [[.int(1), .missing, .int(3)]])
    }

    @Test func byteOrderMarksAndCRLFAreNoPartOfTheData() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "\u{FEFF}a,b\r\n1,x\r\n2,y\r\n")
        let table = try TableReader.open(path, columns: ["b", "a"])
        #expect(try table.cells() == [[.text("x"), .text("y")], [.int(1), .int(2)]])
    }

    @Test func namesAreComparedByTheirBytes() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "e\u{301},\u{e9}\n1,2\n")
        #expect(try TableReader.open(path, columns: ["\u{e9}"]).cells() == [[.int(2)]])
        #expect(try TableReader.open(path, columns: ["e\u{301}"]).cells() == [[.int(1)]])
    }

    @Test func compressedTextIsReadAsText() throws {
        let folder = try ScratchFolder()
        // printf 'a,b\n1,x\n' | gzip -n
        let gzip: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0xd4, 0x49, 0xe2, 0x32, 0xd4, 0xa9, 0xe0,
            0x02, 0x00, 0xf4, 0xa0, 0x01, 0x00, 0x08, 0x00, 0x00, 0x00,
        ]
        let path = try folder.write("t.csv.gz", gzip)
        #expect(try TableReader.open(path).cells() == [[.int(1)], [.text("x")]])
    }

    @Test func recordsAcrossBlocksAreWhole() throws {
        // More than the 4 MiB that types are inferred from, with line ends inside of values.
        let folder = try ScratchFolder()
        let rows = 60_000
        var content = "i,s\n"
        for row in 0..<rows { content += "\(row),\"row \(row)\n\(String(repeating: "x", count: 80)), \"\"quoted\"\"\"\n" }
        let path = try folder.write("t.csv", content)
        for threads in [1, 2] {
            var options = TableReader.Options()
            options.threads = threads
            let table = try TableReader.open(path, columns: ["i", "s"], options: options)
            let cells = try table.cells()
            #expect(cells[0] == (0..<rows).map { .int(Int64($0)) })
            let last = "row \(rows - 1)\n\(String(repeating: "x", count: 80)), \"quoted\""
            #expect(cells[1].last == .text(Text(last)))
        }
    }
}
