import Glibc

/// How often each of some texts was seen: open addressing on the hash, texts compared byte for byte.
final class TextTable {
    struct Slot {
        var hash: UInt64
        /// Where the text starts in the pool, and its bytes.
        var start: Int
        var length: Int
        /// 0: the slot is free.
        var count: UInt64
    }

    private(set) var slots: UnsafeMutablePointer<Slot>
    private(set) var capacity = 64
    private(set) var distinct = 0
    private var pool = UnsafeMutablePointer<UInt8>.allocate(capacity: 1024)
    private var poolCapacity = 1024
    /// Bytes of all distinct texts.
    private(set) var bytes = 0

    init() {
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(hash: 0, start: 0, length: 0, count: 0), count: capacity)
    }

    deinit {
        slots.deallocate()
        pool.deallocate()
    }

    func text(_ slot: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: pool + slots[slot].start, count: slots[slot].length)
    }

    func add(_ text: UnsafeBufferPointer<UInt8>, _ count: UInt64 = 1) {
        let hash = Hashing.bytes(text)
        let position = place(text, hash)
        if slots[position].count != 0 {
            slots[position].count &+= count
            return
        }
        slots[position] = Slot(hash: hash, start: bytes, length: text.count, count: count)
        keep(text)
        distinct += 1
        if distinct >= capacity / 8 * 5 { grow() }
    }

    /// The slot of a text; nil when it was never seen.
    func find(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let position = place(text, Hashing.bytes(text))
        return slots[position].count == 0 ? nil : position
    }

    /// The slot of a text, or the free one where it would stand.
    @inline(__always) private func place(_ text: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int {
        let mask = capacity - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while slots[position].count != 0 {
            if slots[position].hash == hash, slots[position].length == text.count {
                guard let start = text.baseAddress, text.count > 0 else { return position }
                if memcmp(pool + slots[position].start, start, text.count) == 0 { return position }
            }
            position = (position + 1) & mask
        }
        return position
    }

    private func keep(_ text: UnsafeBufferPointer<UInt8>) {
        if bytes + text.count > poolCapacity {
            poolCapacity = max(poolCapacity * 2, bytes + text.count)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: poolCapacity)
            larger.update(from: pool, count: bytes)
            pool.deallocate()
            pool = larger
        }
        if let start = text.baseAddress { (pool + bytes).update(from: start, count: text.count) }
        bytes += text.count
    }

    private func grow() {
        let (old, oldCapacity) = (slots, capacity)
        capacity *= 4
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(hash: 0, start: 0, length: 0, count: 0), count: capacity)
        let mask = capacity - 1
        for index in 0..<oldCapacity where old[index].count != 0 {
            var position = Int(truncatingIfNeeded: old[index].hash) & mask
            while slots[position].count != 0 { position = (position + 1) & mask }
            slots[position] = old[index]
        }
        old.deallocate()
    }
}
