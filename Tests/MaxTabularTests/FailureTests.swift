import Glibc
import MaxCases
import MaxIR
import MaxTabular
import Testing

private func failure(_ body: () throws -> Void) -> MaxError? {
    do {
        try body()
        return nil
    } catch {
        return error as? MaxError
    }
}

@Suite struct FailureTests {
    @Test func aFileThatIsNotThere() throws {
        let error = failure { _ = try TableReader.open("/nowhere/t.parquet") }
        #expect(error == MaxError(.io, "cannot read '/nowhere/t.parquet': cannot open: No such file or directory"))
    }

    @Test func aFolderThatIsNotThere() throws {
        let columns = try Sample().columns
        let error = failure { _ = try TableWriter("/nowhere/t.parquet", columns: columns) }
        #expect(error == MaxError(.io, "cannot write '/nowhere/t.parquet': cannot write: No such file or directory"))
    }

    @Test func aNameWithoutAFormatIsRefusedForWriting() throws {
        let error = failure { _ = try TableWriter("/tmp/t.xyz", columns: []) }
        #expect(error?.code == .usage)
        #expect(
            error?.message == "cannot tell the table format of '/tmp/t.xyz': "
                + "expected one of parquet, csv, tsv, arrow, arrow-stream, ndjson")
    }

    @Test(arguments: TableFormat.allCases)
    func anUnknownColumnIsNamed(format: TableFormat) throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["t"], format: format)
        let error = failure { _ = try TableReader.open(folder["t"], format: format, columns: ["x", "weight"]) }
        #expect(error?.code == .malformed)
        #expect(
            error?.message == "'\(folder["t"])': no column \"weight\": "
                + "found \"x\", \"y\", \"n\", \"k\", \"flag\", \"city\", \"at\"")
    }

    @Test func twoColumnsOfOneNameCannotBeToldApart() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "a,b,a\n1,2,3\n")
        let error = failure { _ = try TableReader.open(path, columns: ["a"]) }
        #expect(error?.message == "'\(path)': 2 columns are called \"a\", expected one")
        #expect(try TableReader.open(path, columns: ["b"]).cells() == [[.int(2)]])
        #expect(try TableReader.open(path).cells() == [[.int(1)], [.int(2)], [.int(3)]])
    }

    /// Every length of every format ends in the table, in a shorter table (text), or in an error.
    @Test(arguments: TableFormat.allCases)
    func truncatedFilesAreErrors(format: TableFormat) throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["whole"], format: format, batches: 2)
        let whole = try folder.bytes("whole")
        for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 97)) {
            let path = try folder.write("t", Array(whole[..<length]))
            let error = failure { _ = try TableReader.open(path, format: format).cells() }
            if format == .parquet || format == .arrow { #expect(error?.code == .malformed, "at \(length): \(error as Any)") }
            if let error { #expect([.malformed, .limitExceeded, .unsupported].contains(error.code), "at \(length): \(error)") }
        }
    }

    /// A file with bits turned over may read as another table or be an error: it never stops the process.
    @Test(arguments: TableFormat.allCases)
    func damagedFilesAreErrorsAndNoCrash(format: TableFormat) throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["whole"], format: format, batches: 2)
        let whole = try folder.bytes("whole")
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0...random(3) { bytes[random(bytes.count)] ^= 1 << UInt8(random(8)) }
            let path = try folder.write("t", bytes)
            let error = failure { _ = try TableReader.open(path, format: format).cells() }
            if let error { #expect(error.code != .internal && error.code != .io, "\(error)") }
        }
    }

    @Test(arguments: [TableFormat.parquet, .arrow, .arrowStream, .csv, .ndjson])
    func anEmptyFileIsAnErrorWhereAFormatNeedsContent(format: TableFormat) throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t", "")
        let error = failure { _ = try TableReader.open(path, format: format) }
        #expect(format == .ndjson ? error == nil : error?.code == .malformed, "\(error as Any)")
    }

    @Test func messagesNameTheColumnAndNoValue() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "age,name\n1,x\nsecret,y\n")
        var options = TableReader.Options()
        options.types = [("age", .f64)]
        let error = failure { _ = try TableReader.open(path, options: options).cells() }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("\"age\"") == true, "\(error as Any)")
        #expect(error?.message.contains("secret") == false, "\(error as Any)")
    }

    @Test func rowsOfTheWrongLengthAreErrors() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "a,b\n1,2\n3,4,secret\n")
        let error = failure { _ = try TableReader.open(path).cells() }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("secret") == false, "\(error as Any)")
    }

    @Test(arguments: [TableFormat.csv, .ndjson])
    func recordsMayBeAMebibyteLongAndNotMuchLonger(format: TableFormat) throws {
        let folder = try ScratchFolder()
        for (length, fits) in [(1_000_000, true), (2_200_000, false)] {
            let long = String(repeating: "x", count: length)
            let rows = (0..<20).map { format == .csv ? "\($0),\(long)\n" : "{\"a\":\($0),\"b\":\"\(long)\"}\n" }
            let path = try folder.write("t", (format == .csv ? "a,b\n" : "") + rows.joined())
            var count = 0
            let error = failure { count = try TableReader.open(path, format: format).cells()[0].count }
            #expect(count == (fits ? 20 : 0))
            #expect(fits ? error == nil : error?.code == .limitExceeded, "\(error as Any)")
        }
    }

    @Test func anUnfinishedTableLeavesNothingBehind() throws {
        let folder = try ScratchFolder()
        let sample = try Sample()
        do {
            let writer = try TableWriter(folder["t.parquet"], columns: sample.columns)
            try writer.write(rows: sample.rows, sample.values)
            #expect(!folder.names.contains("t.parquet"))
            #expect(folder.names.count == 1)
        }
        #expect(folder.names == [])
    }

    @Test func anOldTableStaysUntilTheNewOneIsWhole() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("t.csv", "a\n1\n")
        chmod(path, 0o640)
        let writer = try TableWriter(path, columns: [OutputColumn("b", .i64)])
        try writer.write(rows: 1, [.made(try Sample.buffer(.i64, [Int64(5)], missing: []))])
        #expect(try folder.text("t.csv") == "a\n1\n")
        try writer.finish()
        #expect(try folder.text("t.csv") == "b\n5\n")
        #expect(folder.names == ["t.csv"])
        var info = stat()
        #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o640)
    }

    @Test func aColumnOfAnotherTypeThanAnnouncedIsRefused() throws {
        let folder = try ScratchFolder()
        let writer = try TableWriter(folder["t.csv"], columns: [OutputColumn("a", .f32)])
        let error = failure { try writer.write(rows: 1, [.made(try ColumnBuffer(.f64, rows: 1))]) }
        #expect(error?.code == .internal)
        #expect(failure { _ = try OutputColumn("a", .bf16) }?.code == .unsupported)
    }

    @Test func aFullDeviceIsAnError() throws {
        let writer = try TableWriter("/dev/full", format: .csv, columns: [OutputColumn("a", .i64)])
        try writer.write(rows: 1, [.made(try ColumnBuffer(.i64, rows: 1))])
        let error = failure { try writer.finish() }
        #expect(error?.code == .io)
        #expect(error?.message.contains("No space left on device") == true, "\(error as Any)")
    }
}
