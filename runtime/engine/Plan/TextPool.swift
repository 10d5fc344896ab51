/// Room for the texts that one call makes. Blocks stay for the next call, so that calls alike allocate once.
final class TextPool {
    private static let blockBytes = 1 << 16
    private var blocks: [UnsafeMutableRawBufferPointer] = []
    private var block = 0
    private var used = 0

    deinit { for block in blocks { block.deallocate() } }

    /// Gives up every text made so far.
    func reset() { (block, used) = (0, 0) }

    func copy(_ text: UnsafeBufferPointer<UInt8>) -> StringView {
        guard let from = text.baseAddress, text.count > 0 else { return StringView(start: nil, count: 0) }
        while block < blocks.count, blocks[block].count - used < text.count { (block, used) = (block + 1, 0) }
        if block == blocks.count {
            blocks.append(.allocate(byteCount: max(Self.blockBytes, text.count), alignment: 16))
            used = 0
        }
        guard let base = blocks[block].baseAddress else { return StringView(start: nil, count: 0) }
        let to = base + used
        to.copyMemory(from: from, byteCount: text.count)
        used += text.count
        return StringView(start: to.assumingMemoryBound(to: UInt8.self), count: text.count)
    }
}
