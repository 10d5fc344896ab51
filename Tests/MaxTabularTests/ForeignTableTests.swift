import MaxCases
import MaxIR
import MaxTabular
import Testing

@Suite struct ForeignTableTests {
    static let plain: [Text] = [
        "category", "decimal", "wide", "ns", "s", "date", "large", "bytes", "none", "half", "last",
    ]

    @Test(arguments: [1, 3, 100])
    func columnsBecomePlain(batchRows: Int) throws {
        let folder = try ScratchFolder()
        var options = TableReader.Options()
        options.batchRows = batchRows
        let table = try TableReader.open(try folder.write("t.parquet", ForeignTables.parquet), options: options)
        #expect(
            table.columns.map(\.element) == [
                .string, .f64, .f64, .timestamp, .timestamp, .timestamp, .string, .string, .f64, .f16, nil, nil, .u16,
            ])
        let cells = try table.cells()
        #expect(table.selected.map(\.name) == Self.plain)
        #expect(cells[0] == [.text("b"), .text("a"), .missing, .text("b")])
        #expect(cells[1] == [.number(0.3), .number(-123456789012345678901234567890.1), .missing, .number(0.7)])
        #expect(cells[2] == [.number(1e60), .number(-0.5), .missing, .number(7)])
        #expect(cells[3] == [.int(-1), .int(1), .missing, .int(1_000_000_000_000_000)])
        #expect(cells[4] == [.int(-1_000_000), .int(0), .missing, .int(1_357_034_400_000_000)])
        #expect(cells[5] == [.int(-86_400_000_000), .int(0), .missing, .int(15706 * 86_400_000_000)])
        #expect(cells[6] == [.text("é"), .text(""), .missing, .text("x")])
        #expect(cells[7] == [.text("ab"), .text(""), .missing, .text("é")])
        #expect(cells[8] == Array(repeating: .missing, count: 4))
        #expect(cells[9] == [.number(0.5), .number(-2), .missing, .number(65504)])
        #expect(cells[10] == [.int(1), .int(2), .int(3), .int(4)])
    }

    @Test func columnsBehindNestedOnesAreFound() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.parquet", ForeignTables.parquet)
        let cells = try TableReader.open(path, columns: ["last", "date", "last"]).cells()
        #expect(cells[0] == [.int(1), .int(2), .int(3), .int(4)])
        #expect(cells[1].first == .int(-86_400_000_000))
        #expect(cells[2] == cells[0])
        let arrow = try folder.write("t.arrow", ForeignTables.arrow)
        #expect(
            try TableReader.open(arrow, columns: ["view", "category", "date64"]).cells() == [
                [.text("short"), .text("a text that is longer than twelve bytes"), .missing, .text("")],
                [.text("b"), .text("a"), .missing, .text("b")],
                [.int(-86_400_000_000), .int(0), .missing, .int(86_400_000_000)],
            ])
    }

    @Test func noColumnsAtAllIsATableToo() throws {
        let folder = try ScratchFolder()
        for (name, bytes) in [("t.parquet", ForeignTables.parquet), ("t.arrow", ForeignTables.arrow)] {
            let table = try TableReader.open(try folder.write(name, bytes), columns: [])
            #expect(try table.next()?.rows == 4)
        }
    }

    @Test func nestedColumnsAreRefusedByName() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.parquet", ForeignTables.parquet)
        #expect(
            throws: MaxError(
                .unsupported,
                "'\(path)': column \"list\" is of type list<element: int32>, expected numbers, texts, booleans or times")
        ) { try TableReader.open(path, columns: ["list"]) }
    }

    @Test func timesOfNoZoneStayWithoutOneWhenKept() throws {
        let folder = try ScratchFolder()
        let table = try TableReader.open(try folder.write("t.parquet", ForeignTables.parquet), columns: ["ns", "s"])
        let writer = try TableWriter(folder["out.arrow"], columns: try table.selected.map { try OutputColumn(keeping: $0) })
        while let batch = try table.next() {
            try writer.write(rows: batch.rows, [.kept(batch, column: 0), .kept(batch, column: 1)])
        }
        try writer.finish()
        let copy = try TableReader.open(folder["out.arrow"])
        #expect(copy.columns.map(\.sourceType) == ["timestamp[us]", "timestamp[us, tz=America/New_York]"])
    }

    /// The whole of damage: every byte of a table with every kind of column, turned over.
    @Test(arguments: [ForeignTables.parquet, ForeignTables.arrow])
    func anyDamagedByteIsSurvived(whole: [UInt8]) throws {
        let folder = try ScratchFolder()
        var options = TableReader.Options()
        options.readAhead = false
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= UInt8(truncatingIfNeeded: 1 << (index % 8))
            let path = try folder.write("t", bytes)
            do {
                let table = try TableReader.open(path, options: options)
                while try table.next() != nil {}
            } catch {
                #expect(error.code != .internal && error.code != .io, "byte \(index): \(error)")
            }
        }
    }
}
