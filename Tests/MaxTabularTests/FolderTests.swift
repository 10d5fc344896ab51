import MaxCases
import MaxIR
import MaxTabular
import Testing

@Suite struct FolderTests {
    private func folder() throws -> ScratchFolder {
        let folder = try ScratchFolder()
        _ = folder.makeFolder("t")
        return folder
    }

    @Test func filesAreReadInTheOrderOfTheirNames() throws {
        let folder = try folder()
        _ = try folder.write("t/part-2.csv", "b,a\nx,3\n")
        _ = try folder.write("t/part-10.csv", "a,b,c\n1,y,0\n2,,0\n")
        _ = try folder.write("t/_SUCCESS", "")
        _ = try folder.write("t/.part-10.csv.crc", "\u{1}")
        let table = try TableReader.open(folder["t"], columns: ["b", "a"])
        #expect(try table.cells() == [[.text("y"), .missing, .text("x")], [.int(1), .int(2), .int(3)]])
    }

    @Test(arguments: [TableFormat.parquet, .arrow])
    func partitionsGiveColumns(format: TableFormat) throws {
        let folder = try folder()
        for (year, city) in [("2012", "New%20York"), ("2013", "__HIVE_DEFAULT_PARTITION__")] {
            _ = folder.makeFolder("t/year=\(year)")
            _ = folder.makeFolder("t/year=\(year)/city=\(city)")
            let writer = try TableWriter(
                folder["t/year=\(year)/city=\(city)/part"], format: format, columns: [OutputColumn("v", .f32)])
            try writer.write(rows: 2, [.made(try Sample.buffer(.f32, [Float](repeating: 0.5, count: 2), missing: []))])
            try writer.finish()
        }
        let table = try TableReader.open(folder["t"])
        #expect(table.columns.map(\.name) == ["v", "year", "city"])
        #expect(table.columns.map(\.element) == [.f32, .i64, .string])
        try table.select(["year", "v", "city"])
        #expect(
            try table.cells() == [
                [.int(2012), .int(2012), .int(2013), .int(2013)], Array(repeating: .number(0.5), count: 4),
                [.text("New York"), .text("New York"), .missing, .missing],
            ])
    }

    @Test func partitionsFollowGivenTypes() throws {
        let folder = try folder()
        _ = folder.makeFolder("t/year=2012")
        _ = try folder.write("t/year=2012/part.csv", "v\n1\n")
        var options = TableReader.Options()
        options.types = [("year", .string), ("v", .f64)]
        #expect(try TableReader.open(folder["t"], options: options).cells() == [[.number(1)], [.text("2012")]])
    }

    @Test func filesThatDifferAreNamed() throws {
        let folder = try folder()
        _ = try folder.write("t/a.ndjson", "{\"a\":1}\n")
        _ = try folder.write("t/b.ndjson", "{\"b\":1}\n")
        #expect(
            throws: MaxError(
                .malformed,
                "cannot read '\(folder["t"])': in '\(folder["t"])/b.ndjson': "
                    + "0 columns are called \"a\", expected one as in the first file")
        ) { try TableReader.open(folder["t"]).cells() }
    }

    @Test func aFolderWithoutFilesIsNoTable() throws {
        let folder = try folder()
        _ = try folder.write("t/_SUCCESS", "")
        #expect(throws: MaxError(.malformed, "cannot read '\(folder["t"])': the folder has no files")) {
            try TableReader.open(folder["t"])
        }
    }
}
