/// How often each of some 64-bit keys was seen: open addressing, linear probing, at most 5 of 8 slots taken.
final class ValueTable {
    struct Slot {
        var key: UInt64
        /// 0: the slot is free.
        var count: UInt64
    }

    private(set) var slots: UnsafeMutablePointer<Slot>
    private(set) var capacity: Int
    private(set) var distinct = 0

    init(capacity: Int = 64) {
        self.capacity = capacity
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(key: 0, count: 0), count: capacity)
    }

    deinit { slots.deallocate() }

    func add(_ key: UInt64, _ count: UInt64) {
        withUnsafePointer(to: key) { keys in
            withUnsafePointer(to: true) { add(keys, isPresent: $0, count: 1, each: count) }
        }
    }

    /// Adds `each` to the counts of those of `count` keys that are present.
    func add(_ keys: UnsafePointer<UInt64>, isPresent: UnsafePointer<Bool>, count: Int, each: UInt64 = 1) {
        var slots = slots
        var mask = capacity - 1
        var free = capacity / 8 * 5 - distinct
        for index in 0..<count where isPresent[index] {
            let key = keys[index]
            var position = Int(truncatingIfNeeded: Hashing.mix(key)) & mask
            while slots[position].count != 0, slots[position].key != key { position = (position + 1) & mask }
            if slots[position].count == 0 {
                slots[position].key = key
                slots[position].count = each
                distinct += 1
                free -= 1
                if free == 0 {
                    grow()
                    slots = self.slots
                    mask = capacity - 1
                    free = capacity / 8 * 5 - distinct
                }
            } else {
                slots[position].count &+= each
            }
        }
    }

    /// The slot of a key; nil when it was never seen.
    @inline(__always) func find(_ key: UInt64) -> Int? {
        let mask = capacity - 1
        var position = Int(truncatingIfNeeded: Hashing.mix(key)) & mask
        while slots[position].count != 0 {
            if slots[position].key == key { return position }
            position = (position + 1) & mask
        }
        return nil
    }

    private func grow() {
        let (old, oldCapacity) = (slots, capacity)
        capacity *= 4
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(key: 0, count: 0), count: capacity)
        let mask = capacity - 1
        for index in 0..<oldCapacity where old[index].count != 0 {
            var position = Int(truncatingIfNeeded: Hashing.mix(old[index].key)) & mask
            while slots[position].count != 0 { position = (position + 1) & mask }
            slots[position] = old[index]
        }
        old.deallocate()
    }

    /// One key with its count and its slot.
    struct Entry {
        var ordered: UInt64
        var count: UInt64
        var slot: Int
    }

    /// All keys in the order of the values.
    func sorted(_ domain: ValueDomain) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(distinct)
        for slot in 0..<capacity where slots[slot].count != 0 {
            entries.append(Entry(ordered: domain.ordered(slots[slot].key), count: slots[slot].count, slot: slot))
        }
        RadixSort.sort(&entries)
        return entries
    }
}
