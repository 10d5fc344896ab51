import Dispatch
import MaxIR
import MaxRuntime
import Synchronization

/// How the raw scores of a case come out of every way to compute them on this machine.
struct Lanes {
    /// Rows whose scores differ from the library's, by kernels and lane: `avx2, single rows`.
    private(set) var differing: [(lane: String, rows: Int)] = []
    /// Lanes that were run.
    private(set) var count = 0

    /// Scores all rows in blocks, row by row, and in two halves on two threads.
    ///
    /// - Parameter expected: f32 or f64, as many per row as the model's first output has.
    mutating func run(_ graph: Graph, _ inputs: [Tensor], expected: Tensor, rows: Int) throws {
        for choice in KernelChoice.available {
            for trees in [nil] + TreeKernel.allCases {
                let model = try KernelChoice.$forced.withValue(choice) {
                    try TreeKernel.$forced.withValue(trees) { try Model(graph: graph, info: ModelInfo(name: "m")) }
                }
                let kernels = trees.map { "\(choice), \($0.rawValue)" } ?? "\(choice)"
                let scored = Scored(model, ColumnSource(inputs, schema: model.schema), expected)
                note("\(kernels), blocks", try scored.differing(0..<rows, block: rows))
                note("\(kernels), single rows", try scored.differing(0..<rows, block: 1))
                note("\(kernels), two threads", try scored.onTwoThreads(rows: rows))
            }
        }
    }

    private mutating func note(_ lane: String, _ rows: Int) {
        count += 1
        if rows > 0 { differing.append((lane, rows)) }
    }
}

/// The raw scores of a model beside those expected.
private struct Scored: @unchecked Sendable {
    // Sendable: the source is only read, and every call makes a context of its own.
    let model: Model
    let source: ColumnSource
    let expected: Tensor
    let rowBytes: Int

    init(_ model: Model, _ source: ColumnSource, _ expected: Tensor) {
        self.model = model
        self.source = source
        self.expected = expected
        rowBytes = model.schema.outputs[0].width * (expected.elementType.byteCount ?? 1)
    }

    /// How many of `rows`, scored `block` at a time, differ in a bit; any NaN equals any NaN.
    func differing(_ rows: Range<Int>, block: Int) throws -> Int {
        let context = try model.makeContext(maximumRows: max(min(block, rows.count), 1))
        var count = 0
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: max(block, 1)) {
            let size = min(block, rows.upperBound - first)
            try source.views(from: first).withUnsafeBufferPointer { try context.predict($0, rows: size) }
            count += context.withOutput(0) { found in differing(found, first: first, rows: size) } ?? size
        }
        return count
    }

    func onTwoThreads(rows: Int) throws -> Int {
        let total = Mutex((count: 0, failure: (any Error)?.none))
        DispatchQueue.concurrentPerform(iterations: 2) { part in
            let half = part == 0 ? 0..<rows / 2 : rows / 2..<rows
            let outcome = Result { try differing(half, block: max(half.count, 1)) }
            total.withLock {
                switch outcome {
                case .success(let count): $0.count += count
                case .failure(let error): $0.failure = error
                }
            }
        }
        let (count, failure) = total.withLock { ($0.count, $0.failure) }
        if let failure { throw failure }
        return count
    }

    private func differing(_ found: UnsafeRawBufferPointer, first: Int, rows: Int) -> Int {
        let count: Int? = expected.storage.withBytes { all in
            let wanted = all[first * rowBytes..<(first + rows) * rowBytes]
            guard !found.elementsEqual(wanted) else { return 0 }
            return (0..<rows).count { row in
                let (a, b) = (found[row * rowBytes..<(row + 1) * rowBytes], wanted.dropFirst(row * rowBytes).prefix(rowBytes))
                return !a.elementsEqual(b) && !areSameNumbers(Array(a), Array(b))
            }
        }
        return count ?? rows
    }

    private func areSameNumbers(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        func words<W: FixedWidthInteger & BitwiseCopyable>(_ bytes: [UInt8], _: W.Type) -> [W] {
            bytes.withUnsafeBytes { raw in
                (0..<raw.count / MemoryLayout<W>.size).map { raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<W>.size, as: W.self) }
            }
        }
        if expected.elementType == .f64 {
            return zip(words(a, UInt64.self), words(b, UInt64.self)).allSatisfy {
                $0 == $1 || (Double(bitPattern: $0).isNaN && Double(bitPattern: $1).isNaN)
            }
        }
        return zip(words(a, UInt32.self), words(b, UInt32.self)).allSatisfy {
            $0 == $1 || (Float(bitPattern: $0).isNaN && Float(bitPattern: $1).isNaN)
        }
    }
}
