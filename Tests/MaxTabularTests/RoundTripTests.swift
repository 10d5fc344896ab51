import MaxCases
import MaxIR
import MaxTabular
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: TableFormat.allCases)
    func whatIsWrittenIsReadBitForBit(format: TableFormat) throws {
        let folder = try ScratchFolder()
        let path = folder["table"]
        try Sample().write(to: path, format: format)
        var options = TableReader.Options()
        options.types = Array(zip(Sample.names, Sample.types)).map { (name: $0, element: $1) }
        let table = try TableReader.open(path, format: format, options: options)
        #expect(table.columns.map(\.name) == Sample.names)
        #expect(table.columns.map(\.element) == Sample.types)
        #expect(try table.cells() == Sample.cells)
    }

    @Test(arguments: ["a.parquet", "a.csv", "a.tsv", "a.arrow", "a.arrows", "a.ndjson"])
    func theNameTellsTheFormat(name: String) throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder[name])
        let table = try TableReader.open(folder[name], columns: ["k", "city"])
        #expect(try table.cells() == [Sample.cells[3], Sample.cells[5]])
    }

    @Test(arguments: [TableFormat.parquet, .arrow, .arrowStream, .ndjson, .csv])
    func theContentTellsTheFormat(format: TableFormat) throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["noname"], format: format)
        let table = try TableReader.open(folder["noname"], columns: ["n"])
        #expect(try table.cells() == [Sample.cells[2]])
    }

    @Test(arguments: [1, 2, 3, 7, 100], [1, 2])
    func batchesHoldAtMostWhatIsAsked(batchRows: Int, threads: Int) throws {
        let folder = try ScratchFolder()
        for format in TableFormat.allCases {
            try Sample().write(to: folder["t"], format: format, batches: 4)
            for readAhead in [false, true] {
                var options = TableReader.Options()
                options.batchRows = batchRows
                options.threads = threads
                options.readAhead = readAhead
                let table = try TableReader.open(folder["t"], format: format, columns: ["city", "k"], options: options)
                var city: [Cell] = []
                while let batch = try table.next() {
                    #expect(batch.rows <= batchRows)
                    city += (0..<batch.rows).map(batch.columns[0].cell)
                }
                #expect(city == (0..<4).flatMap { _ in Sample.cells[5] })
            }
        }
    }

    @Test(arguments: TableFormat.allCases)
    func aTableWithoutRowsKeepsItsColumns(format: TableFormat) throws {
        let folder = try ScratchFolder()
        let sample = try Sample()
        try TableWriter(folder["t"], format: format, columns: sample.columns).finish()
        var options = TableReader.Options()
        options.types = Array(zip(Sample.names, Sample.types)).map { (name: $0, element: $1) }
        let table = try TableReader.open(folder["t"], format: format, options: options)
        #expect(table.columns.map(\.name) == Sample.names)
        #expect(table.columns.map(\.element) == Sample.types)
        #expect(try table.cells().allSatisfy(\.isEmpty))
    }

    @Test(arguments: [TableFormat.parquet, .arrow, .arrowStream, .csv])
    func notANumberAndInfinityStayApartFromMissing(format: TableFormat) throws {
        let folder = try ScratchFolder()
        let values: [Double] = [.nan, .infinity, -.infinity, 0]
        let writer = try TableWriter(folder["t"], format: format, columns: [OutputColumn("v", .f64)])
        try writer.write(rows: 4, [.made(try Sample.buffer(.f64, values, missing: [3]))])
        try writer.finish()
        let cells = try TableReader.open(folder["t"], format: format).cells()[0]
        guard case .float(let bits) = cells[0] else { throw MaxError(.internal, "found \(cells[0])") }
        #expect(Double(bitPattern: bits).isNaN)
        #expect(cells[1...] == [.number(.infinity), .number(-.infinity), .missing])
    }

    @Test(arguments: [ElementType.i8, .i16, .u8, .u16, .u32, .u64, .f16])
    func widthsAreKept(element: ElementType) throws {
        let folder = try ScratchFolder()
        for format in [TableFormat.parquet, .arrow] {
            let writer = try TableWriter(folder["t"], format: format, columns: [OutputColumn("v", element)])
            let buffer = try ColumnBuffer(element, rows: 3)
            buffer.values.storeBytes(of: 0x3c, as: UInt8.self)
            try writer.write(rows: 3, [.made(buffer)])
            try writer.finish()
            let table = try TableReader.open(folder["t"])
            #expect(table.columns.map(\.element) == [element])
            #expect(try table.cells()[0].count == 3)
        }
    }

    @Test(arguments: TableFormat.allCases, [1, 2, 64])
    func keptColumnsPassThrough(format: TableFormat, batchRows: Int) throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["in.arrow"], batches: 3)
        var options = TableReader.Options()
        options.batchRows = batchRows
        let table = try TableReader.open(folder["in.arrow"], options: options)
        let kept = try table.columns.map { try OutputColumn(keeping: $0) }
        let writer = try TableWriter(folder["out"], format: format, columns: kept + [OutputColumn("p", .f64)])
        while let batch = try table.next() {
            let values = batch.columns.indices.map { TableWriter.Values.kept(batch, column: $0) }
            let made = try Sample.buffer(.f64, [Double](repeating: 0.25, count: batch.rows), missing: [])
            try writer.write(rows: batch.rows, values + [.made(made)])
        }
        try writer.finish()
        options.types = Array(zip(Sample.names, Sample.types)).map { (name: $0, element: $1) }
        let cells = try TableReader.open(folder["out"], format: format, options: options).cells()
        #expect(Array(cells.dropLast()) == Sample.cells.map { column in (0..<3).flatMap { _ in column } })
        #expect(cells.last == Array(repeating: .number(0.25), count: 15))
    }

    @Test func listsAreWrittenAsOneColumn() throws {
        let folder = try ScratchFolder()
        let column = try OutputColumn("p", .f32, listLength: 2)
        let buffer = try ColumnBuffer(.f32, rows: 2, width: 2)
        for i in 0..<4 { buffer.values.storeBytes(of: Float(i), toByteOffset: i * 4, as: Float.self) }
        let writer = try TableWriter(folder["t.ndjson"], columns: [column])
        try writer.write(rows: 2, [.made(buffer)])
        try writer.finish()
        #expect(try folder.text("t.ndjson") == "{\"p\":[0.0,1.0]}\n{\"p\":[2.0,3.0]}\n")
        let parquet = try TableWriter(folder["t.parquet"], columns: [column])
        try parquet.write(rows: 2, [.made(buffer)])
        try parquet.finish()
        #expect(try TableReader.open(folder["t.parquet"]).columns.map(\.element) == [nil])
        #expect(throws: MaxError.self) { try TableWriter(folder["t.csv"], columns: [column]) }
    }
}
