import Dispatch
import MaxIR
import MaxRuntime
import Synchronization

/// Runs a graph over a table, in blocks of rows.
struct GraphRun: Sendable {
    private struct Block {
        let batch: Int
        /// In the batch.
        let first: Int
        let rows: Int
        /// Among the rows that count.
        let place: Int
    }
    private static let blockRows = 4096

    let model: Model
    let table: Table
    let rows: RowSelection

    /// - Throws: `.malformed` for a column that the table lacks.
    init(_ graph: Graph, on table: Table, rows: RowSelection) throws(MaxError) {
        model = try Model(graph: graph, info: ModelInfo(name: graph.name))
        self.table = table
        self.rows = rows
    }

    /// What of a graph is needed for some of its values, which become the outputs v0, v1, ….
    static func slice(_ builder: GraphBuilder, giving values: [ValueID]) throws(MaxError) -> Graph {
        let graph = builder.graph
        var isNeeded = [Bool](repeating: false, count: graph.types.count)
        for value in values { isNeeded[value.index] = true }
        for node in graph.nodes.reversed() where node.results.contains(where: { isNeeded[$0.index] }) {
            for operand in node.operands { if let operand { isNeeded[operand.index] = true } }
        }
        var out = GraphBuilder(name: graph.name)
        var moved = [ValueID?](repeating: nil, count: graph.types.count)
        for (index, input) in graph.inputs.enumerated() where isNeeded[index] { moved[index] = try out.input(input) }
        for node in graph.nodes where node.results.contains(where: { isNeeded[$0.index] }) {
            let operands = node.operands.map { $0.flatMap { moved[$0.index] } }
            let results = try out.node(node.op, operands, node.attributes, results: node.results.count, label: node.label)
            for (from, to) in zip(node.results, results) { moved[from.index] = to }
        }
        for (index, value) in values.enumerated() {
            guard let value = moved[value.index] else { throw MaxError(.internal, "features: a value that no node gives") }
            out.output(Text("v\(index)"), value)
        }
        return try out.finish()
    }

    private func columns() throws(MaxError) -> [Int] {
        var columns: [Int] = []
        for column in model.schema.columns {
            guard let index = table.index(of: column.name) else {
                throw MaxError(.malformed, "features: the table has no column \(column.name.quoted)")
            }
            columns.append(index)
        }
        return columns
    }

    private func blocks() -> [Block] {
        var blocks: [Block] = []
        var place = 0
        for batch in table.batches.indices {
            let size = table.batches[batch].rows
            for first in stride(from: 0, to: size, by: Self.blockRows) {
                let count = min(Self.blockRows, size - first)
                blocks.append(Block(batch: batch, first: first, rows: count, place: place))
                let start = table.starts[batch] + first
                if rows.mask == nil { place += count } else { for row in start..<start + count where rows.has(row) { place += 1 } }
            }
        }
        return blocks
    }

    /// Calls `take` for every block, on several threads at once, with the context that holds its outputs, the rows of the block
    /// that count, and the place of the first of them among all that count.
    func run(threads: Int, _ take: @Sendable (Context, [Int], Int) -> Void) throws(MaxError) {
        let columns = try columns()
        let blocks = blocks()
        guard !blocks.isEmpty else { return }
        let next = Atomic<Int>(0)
        let failures = Mutex<[(block: Int, error: MaxError)]>([])
        let workers = max(1, min(threads, blocks.count))
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            var current = 0
            do throws(MaxError) {
                let context = try model.makeContext(maximumRows: Self.blockRows)
                while true {
                    current = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard current < blocks.count else { return }
                    try score(blocks[current], columns, context, take)
                }
            } catch {
                failures.withLock { $0.append((current, error)) }
            }
        }
        if let first = failures.withLock({ $0.min { $0.block < $1.block } }) { throw first.error }
    }

    private func score(_ block: Block, _ columns: [Int], _ context: Context, _ take: (Context, [Int], Int) -> Void) throws(MaxError) {
        let start = table.starts[block.batch] + block.first
        let kept = rows.mask == nil ? Array(0..<block.rows) : (0..<block.rows).filter { rows.has(start + $0) }
        guard !kept.isEmpty else { return }
        let views = table.views(columns, batch: block.batch).map { $0.dropping(block.first) }
        do throws(MaxError) {
            let failure: MaxError? = views.withUnsafeBufferPointer { views in
                do throws(MaxError) { try context.predict(views, rows: block.rows) } catch { return error }
                return nil
            }
            if let failure { throw failure }
        } catch {
            throw error.inside("features of rows \(start) to \(start + block.rows - 1)")
        }
        take(context, kept, block.place)
    }

    /// Copies output `index`, row-major, into one column for each of its columns.
    @inline(__always)
    static func spread<Element: BitwiseCopyable, Out: BitwiseCopyable>(
        _ context: Context, _ index: Int, kept: [Int], place: Int, into columns: [UnsafeMutablePointer<Out>], _ convert: (Element) -> Out
    ) {
        let width = columns.count
        context.withOutput(index) { bytes in
            let from = bytes.bindMemory(to: Element.self)
            guard let base = from.baseAddress else { return }
            kept.withUnsafeBufferPointer { kept in
                // A few rows at a time, whose values stay in the first cache for all columns.
                let tile = max(8, 2048 / max(width, 1))
                for first in Swift.stride(from: 0, to: kept.count, by: tile) {
                    let last = min(first + tile, kept.count)
                    for column in 0..<width {
                        let to = columns[column] + place
                        for k in first..<last { to[k] = convert(base[kept[k] * width + column]) }
                    }
                }
            }
        }
    }
}
