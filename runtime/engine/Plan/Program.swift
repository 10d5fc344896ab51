import Glibc
import MaxIR

/// Where a value of the graph stands in the arena: `width` columns of one element per row.
struct Slot: Sendable {
    /// From the start of the arena, in bytes per row of the block.
    var offset: Int
    var element: ElementType
    var width: Int

    var byteCount: Int { Slot.byteCount(of: element) }
    static func byteCount(of element: ElementType) -> Int { element.byteCount ?? MemoryLayout<StringView>.stride }
}

/// The arena of one call: values are column-major, `stride` rows from one column to the next.
struct Frame {
    let base: UnsafeMutableRawPointer
    /// Rows that the arena has room for: a multiple of 64.
    let stride: Int
    /// Rows of this block.
    let rows: Int
    /// For texts that a step makes.
    let texts: TextPool

    @inline(__always) func raw(_ slot: Slot, column: Int = 0) -> UnsafeMutableRawPointer {
        base + (slot.offset + column * slot.byteCount) * stride
    }
    @inline(__always) func pointer<T>(_ slot: Slot, column: Int = 0, as: T.Type = T.self) -> UnsafeMutablePointer<T> {
        raw(slot, column: column).assumingMemoryBound(to: T.self)
    }
}

/// One kernel with its operands: reads and writes slots of a frame, allocates nothing.
protocol Step: Sendable {
    var kernel: String { get }
    /// - Throws: what the operator refuses; positions in the message count from the first row of the block.
    func run(_ frame: Frame) throws(MaxError)
    /// Whether the texts it gives stand in the model's constants.
    var givesConstantText: Bool { get }
    /// Rows of a block that it runs best with.
    var blockRows: Int { get }
    /// The ensemble whose scores it gives; nil for steps that give something else.
    var ensemble: PlannedEnsemble? { get }
}

extension Step {
    var givesConstantText: Bool { false }
    var blockRows: Int { Program.blockRows }
    var ensemble: PlannedEnsemble? { nil }

    /// The same step behind a closure that was made where its type was known: running a generic step through the
    /// protocol would look its type up on every call.
    @inline(__always) var specialized: any Step {
        PreparedStep(kernel: kernel, givesConstantText: givesConstantText) { frame throws(MaxError) in try run(frame) }
    }
}

struct PreparedStep: Step {
    let kernel: String
    let givesConstantText: Bool
    let body: @Sendable (Frame) throws(MaxError) -> Void

    func run(_ frame: Frame) throws(MaxError) { try body(frame) }
}

/// A step as lanes call it: a class, so that a call need not copy the step nor count references to it.
class StepBox: @unchecked Sendable {
    // Sendable: what it holds is, and nothing changes.
    func run(_ frame: Frame) -> MaxError? { nil }
}

private final class TypedStepBox<S: Step>: StepBox, @unchecked Sendable {
    let step: S
    init(_ step: S) { self.step = step }

    override func run(_ frame: Frame) -> MaxError? {
        do throws(MaxError) { try step.run(frame) } catch { return error }
        return nil
    }
}

extension Step {
    var boxed: StepBox { TypedStepBox(self) }
}

/// What a loaded model runs: its graph as a list of kernels over one arena. Immutable.
struct Program: Sendable {
    /// Rows of one block unless a step asks for more.
    static let blockRows = 256
    /// No arena is larger for a step's sake.
    private static let arenaBytes = 1 << 26

    struct Input: Sendable {
        let slot: Slot
        /// Its first column in the schema.
        let firstColumn: Int
        /// 24 bytes per row and column for integers written as text; nil for other inputs.
        let digits: Slot?
    }

    struct Output: Sendable {
        let slot: Slot
        /// Whether its texts stand in the model's constants, so that they outlive the call.
        let isConstantText: Bool
    }

    let inputs: [Input]
    let steps: [any Step]
    let outputs: [Output]
    /// Bytes of arena per row.
    let bytesPerRow: Int
    /// The texts that stand for missing values, by column of the schema.
    let defaults: [StringView?]
    let constants: ConstantMemory

    /// Most rows of one block.
    var blockRows: Int {
        let wanted = steps.map(\.blockRows).max() ?? Self.blockRows
        return max(Self.blockRows, min(wanted, Self.arenaBytes / max(bytesPerRow, 1) / 64 * 64))
    }

    /// The kernels in order, runs of one counted.
    var summary: String {
        var out: [(name: String, count: Int)] = []
        for step in steps {
            if let last = out.last, last.name == step.kernel { out[out.count - 1].count += 1 } else { out.append((step.kernel, 1)) }
        }
        return out.map { $0.count > 1 ? "\($0.name) ×\($0.count)" : $0.name }.joined(separator: ", ")
    }
}

extension StringView: @unchecked Sendable {}

/// Memory that kernels point into; written while a program is built, only read afterwards.
final class ConstantMemory: @unchecked Sendable {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var held: [AnyObject] = []
    private static let largePage = 1 << 21

    deinit { for block in blocks { block.deallocate() } }

    func copy<T: BitwiseCopyable>(_ values: [T]) -> UnsafeMutablePointer<T> {
        let typed = allocate(values.count, T.self)
        values.withUnsafeBufferPointer { if let start = $0.baseAddress { typed.initialize(from: start, count: $0.count) } }
        return typed
    }

    private func allocate<T>(_ count: Int, _: T.Type) -> UnsafeMutablePointer<T> {
        let byteCount = max(count * MemoryLayout<T>.stride, 64)
        // Kernels jump about in large tables: large pages keep their addresses at hand.
        let isLarge = byteCount >= Self.largePage
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: isLarge ? Self.largePage : 64)
        if isLarge { madvise(memory, byteCount, Int32(MADV_HUGEPAGE)) }
        blocks.append(memory)
        return memory.bindMemory(to: T.self, capacity: max(count, 1))
    }

    /// Keeps the owner of memory that kernels point into.
    func hold(_ owner: AnyObject) { held.append(owner) }

    /// `count` values made one by one.
    func make<T: BitwiseCopyable>(_ count: Int, _ value: (Int) -> T) -> UnsafeMutablePointer<T> {
        let typed = allocate(count, T.self)
        for index in 0..<count { (typed + index).initialize(to: value(index)) }
        return typed
    }

    /// Of f32 or f64.
    func copy(_ values: TensorStorage) -> UnsafeRawPointer {
        switch values {
        case .f64(let values): UnsafeRawPointer(copy(values))
        case .f32(let values): UnsafeRawPointer(copy(values))
        default: UnsafeRawPointer(copy([UInt8]()))
        }
    }

    func copy(_ text: Text) -> StringView { StringView(start: UnsafePointer(copy(text.utf8)), count: text.utf8.count) }
}
