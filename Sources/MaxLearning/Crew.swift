import CMaxLearning
import MaxIR

/// Threads that work together for the length of a fit.
final class Crew: @unchecked Sendable {
    let count: Int
    private let handle: OpaquePointer

    /// - Throws: `.limitExceeded` when the system gives no threads.
    init(threads: Int) throws(MaxError) {
        count = max(1, min(threads, 256))
        guard let handle = maxai_crew_new(count) else { throw MaxError(.limitExceeded, "the system gives no \(threads) threads") }
        self.handle = handle
    }

    deinit { maxai_crew_free(handle) }

    /// Calls `body` once for each member, at the same time, and returns when all have returned.
    func run(_ body: (Int) -> Void) {
        if count == 1 { return body(0) }
        withoutActuallyEscaping(body) { body in
            let box = Box(body)
            withExtendedLifetime(box) {
                maxai_crew_run(
                    handle, { argument, index in Unmanaged<Box>.fromOpaque(argument!).takeUnretainedValue().body(index) },
                    Unmanaged.passUnretained(box).toOpaque())
            }
        }
    }

    /// `body` for pieces of `0 ..< count` of `size` each, as members are free; pieces are the same for any number of threads.
    func pieces(of count: Int, size: Int, _ body: (_ piece: Int, _ range: Range<Int>) -> Void) {
        let pieces = (count + size - 1) / size
        if self.count == 1 || pieces == 1 {
            for piece in 0..<pieces { body(piece, piece * size..<min(count, (piece + 1) * size)) }
            return
        }
        let members = self.count
        run { member in
            var piece = member
            while piece < pieces {
                body(piece, piece * size..<min(count, (piece + 1) * size))
                piece += members
            }
        }
    }

    private final class Box {
        let body: (Int) -> Void
        init(_ body: @escaping (Int) -> Void) { self.body = body }
    }
}

/// Memory of a fit: zeros at first, freed with its owner.
final class Block<Element: BitwiseCopyable>: @unchecked Sendable {
    let count: Int
    let start: UnsafeMutablePointer<Element>

    init(_ count: Int, _ zero: Element) {
        self.count = count
        start = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Element>.stride, alignment: 64)
            .bindMemory(to: Element.self, capacity: max(count, 1))
        start.initialize(repeating: zero, count: count)
    }

    deinit { start.deallocate() }

    subscript(index: Int) -> Element {
        get { start[index] }
        set { start[index] = newValue }
    }
}
