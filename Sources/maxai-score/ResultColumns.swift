import MaxIR
import MaxRuntime
import MaxTabular

/// The columns that outputs are written as.
struct ResultColumns: Sendable {
    /// Outputs of the model, by position.
    let outputs: [Int]
    let ports: [Schema.OutputPort]
    let columns: [OutputColumn]
    let isNested: Bool
    /// Of the contributions, how many are written.
    let contributions: WantedContributions?

    /// - Throws: `.usage` for an output that the model does not have.
    init(_ schema: Schema, wanted: [Text]?, nested: Bool, contributions: WantedContributions? = nil) throws(MaxError) {
        var outputs: [Int] = []
        if let wanted {
            for name in wanted {
                guard let index = schema.outputs.firstIndex(where: { $0.name == name }) else {
                    throw MaxError(
                        .usage,
                        "--outputs: the model has no output \(name.quoted), expected some of \(schema.outputs.map(\.name.quoted).joined(separator: ", "))"
                    )
                }
                outputs.append(index)
            }
        } else {
            outputs = schema.outputs.indices.filter { schema.outputs[$0].name != "raw" && schema.outputs[$0].name != "leaf" }
            if outputs.isEmpty { outputs = Array(schema.outputs.indices) }
        }
        self.outputs = outputs
        ports = outputs.map { schema.outputs[$0] }
        isNested = nested
        self.contributions = contributions
        var columns: [OutputColumn] = []
        for port in ports {
            if port.name == "contributions", case .largest(let count) = contributions {
                columns += try LargestColumns.columns(port, count)
            } else if port.name == "contributions", port.labels.count == port.width {
                for label in port.labels { columns.append(try OutputColumn(label, .f64)) }
            } else if port.width == 1 {
                columns.append(try OutputColumn(port.name, Self.stored(port.element)))
            } else if nested, port.element != .string {
                columns.append(try OutputColumn(port.name, Self.stored(port.element), listLength: port.width))
            } else {
                for position in 0..<port.width {
                    columns.append(try OutputColumn(Text("\(port.name)_\(position)"), Self.stored(port.element)))
                }
            }
        }
        self.columns = columns
    }

    /// Tables have no brain floats.
    static func stored(_ element: ElementType) -> ElementType { element == .bf16 ? .f32 : element }

    func buffers(rows: Int) throws(MaxError) -> ResultBuffers { try ResultBuffers(self, rows: rows) }
}

/// Where the outputs of one batch are gathered; threads write disjoint rows.
final class ResultBuffers: @unchecked Sendable {
    private let results: ResultColumns
    private let rows: Int
    /// Per output: its elements row-major, `rows × width`; nil for texts.
    private var blocks: [UnsafeMutableRawPointer?] = []
    private var texts: [UnsafeMutablePointer<Text>?] = []

    init(_ results: ResultColumns, rows: Int) throws(MaxError) {
        self.results = results
        self.rows = rows
        for port in results.ports {
            let count = rows * port.width
            if let size = port.element.byteCount {
                let block = UnsafeMutableRawPointer.allocate(byteCount: max(count * size, 1), alignment: 64)
                block.initializeMemory(as: UInt8.self, repeating: 0, count: count * size)
                blocks.append(block)
                texts.append(nil)
            } else {
                blocks.append(nil)
                let list = UnsafeMutablePointer<Text>.allocate(capacity: max(count, 1))
                list.initialize(repeating: "", count: count)
                texts.append(list)
            }
        }
    }

    deinit {
        for block in blocks { block?.deallocate() }
        for (list, port) in zip(texts, results.ports) {
            list?.deinitialize(count: rows * port.width)
            list?.deallocate()
        }
    }

    /// Copies what a context has just computed for `count` rows to row `first` and on.
    func take(_ context: Context, first: Int, count: Int) {
        for (slot, output) in results.outputs.enumerated() {
            let port = results.ports[slot]
            if let block = blocks[slot], let size = port.element.byteCount {
                let rowBytes = size * port.width
                context.withOutput(output) { bytes in
                    if let start = bytes.baseAddress { (block + first * rowBytes).copyMemory(from: start, byteCount: count * rowBytes) }
                }
            } else if let list = texts[slot] {
                context.withStrings(output) { views in
                    for position in 0..<count * port.width { list[first * port.width + position] = views[position].text }
                }
            }
        }
    }

    /// The columns to write; refused rows have no value in them.
    func finished(missing refused: [Int]) throws(MaxError) -> [ColumnBuffer] {
        let columns = try self.columns(0..<rows)
        for column in columns { for row in refused { column.setMissing(row) } }
        return columns
    }

    /// The columns to write of some rows in a row.
    func columns(_ range: Range<Int>) throws(MaxError) -> [ColumnBuffer] {
        var columns: [ColumnBuffer] = []
        for (slot, port) in results.ports.enumerated() {
            if port.name == "contributions", case .largest(let count) = results.contributions, let block = blocks[slot] {
                columns += try LargestColumns.buffers(port, count, UnsafePointer(block.assumingMemoryBound(to: Double.self)), range)
                continue
            }
            let isList = results.isNested && port.width > 1 && port.element != .string && port.name != "contributions"
            for position in 0..<(isList ? 1 : port.width) {
                columns.append(try column(slot, port, position, isList: isList, range))
            }
        }
        return columns
    }

    /// The rows that were not refused, as runs.
    func runs(without refused: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        for row in Set(refused).sorted() + [rows] {
            if row > start { runs.append(start..<row) }
            start = row + 1
        }
        return runs
    }

    private func column(
        _ slot: Int, _ port: Schema.OutputPort, _ position: Int, isList: Bool, _ range: Range<Int>
    ) throws(MaxError) -> ColumnBuffer {
        let count = range.count
        func source(_ row: Int) -> Int { range.lowerBound + row }
        if let list = texts[slot] {
            return try ColumnBuffer(texts: (0..<count).map { list[source($0) * port.width + position] })
        }
        guard let block = blocks[slot], let size = port.element.byteCount else {
            throw MaxError(.internal, "output \(port.name.quoted) has no values")
        }
        if port.element == .bool {
            return ColumnBuffer(
                booleans: (0..<count).map { block.load(fromByteOffset: source($0) * port.width + position, as: UInt8.self) != 0 })
        }
        if port.element == .bf16 {
            let buffer = try ColumnBuffer(.f32, rows: count)
            let values = buffer.values.assumingMemoryBound(to: Float.self)
            for row in 0..<count {
                values[row] = BFloat16(bits: block.load(fromByteOffset: (source(row) * port.width + position) * 2, as: UInt16.self)).float
            }
            return buffer
        }
        let width = isList ? port.width : 1
        let buffer = try ColumnBuffer(port.element, rows: count, width: width)
        if width == port.width {
            buffer.values.copyMemory(from: block + range.lowerBound * width * size, byteCount: count * width * size)
        } else {
            for row in 0..<count {
                (buffer.values + row * width * size).copyMemory(
                    from: block + (source(row) * port.width + position) * size, byteCount: width * size)
            }
        }
        return buffer
    }
}
