import Glibc
import MaxCases
import MaxIR
import MaxTabular
import Testing

/// Feeds bytes into a pipe from a thread of its own; `path` is where to read them.
private final class Feed {
    let path: String
    private let readEnd: Int32
    private var thread = pthread_t()

    init(_ bytes: [UInt8]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw MaxError(.io, "pipe failed") }
        readEnd = ends[0]
        path = "/proc/self/fd/\(ends[0])"
        let work = Work(bytes, ends[1])
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
    }

    deinit {
        close(readEnd)
        pthread_join(thread, nil)
    }

    private final class Work {
        let bytes: [UInt8]
        let writeEnd: Int32

        init(_ bytes: [UInt8], _ writeEnd: Int32) {
            self.bytes = bytes
            self.writeEnd = writeEnd
        }

        func run() {
            signal(SIGPIPE, SIG_IGN)
            bytes.withUnsafeBytes { all in
                var rest = all[...]
                while !rest.isEmpty {
                    let count = Glibc.write(writeEnd, UnsafeRawBufferPointer(rebasing: rest).baseAddress, min(rest.count, 4096))
                    guard count > 0 else { break }
                    rest = rest.dropFirst(count)
                }
            }
            close(writeEnd)
        }
    }
}

@Suite(.serialized) struct PipeTests {
    @Test(arguments: TableFormat.allCases, [1, 400])
    func aPipeGivesTheSameTableAsAFile(format: TableFormat, batches: Int) throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["t"], format: format, batches: batches)
        let expected = try TableReader.open(folder["t"], format: format, columns: ["city", "k"]).cells()
        let feed = try Feed(try folder.bytes("t"))
        let table = try TableReader.open(feed.path, format: format, columns: ["city", "k"])
        #expect(try table.cells() == expected)
    }

    @Test func standardInputIsAPlaceToReadFrom() throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["t.parquet"])
        let feed = try Feed(try folder.bytes("t.parquet"))
        let own = dup(0)
        let pipe = open(feed.path, O_RDONLY)
        dup2(pipe, 0)
        close(pipe)
        defer {
            dup2(own, 0)
            close(own)
        }
        #expect(try TableReader.open("-", columns: ["n"]).cells() == [Sample.cells[2]])
    }

    @Test(arguments: [TableFormat.csv, .ndjson, .arrowStream])
    func pipesLongerThanTheHeadAreReadWhole(format: TableFormat) throws {
        let folder = try ScratchFolder()
        let rows = 150_000
        let writer = try TableWriter(folder["t"], format: format, columns: [OutputColumn("i", .i64), OutputColumn("s", .string)])
        try writer.write(
            rows: rows,
            [
                .made(try Sample.buffer(.i64, (0..<rows).map(Int64.init), missing: [])),
                .made(try ColumnBuffer(texts: (0..<rows).map { Text("some text to make it long enough \($0)") })),
            ])
        try writer.finish()
        let bytes = try folder.bytes("t")
        #expect(bytes.count > 5 << 20 || format == .arrowStream)
        let feed = try Feed(bytes)
        let cells = try TableReader.open(feed.path, format: format, columns: ["i"]).cells()
        #expect(cells == [(0..<rows).map { .int(Int64($0)) }])
    }

    @Test func aTableThatIsNotReadToItsEndIsClosed() throws {
        let folder = try ScratchFolder()
        try Sample().write(to: folder["t.csv"], batches: 20_000)
        var options = TableReader.Options()
        options.threads = 2
        for _ in 0..<3 {
            let table = try TableReader.open(folder["t.csv"], options: options)
            #expect(try table.next() != nil)
        }
    }
}
