import MaxIR

/// The arena of one call while a plan is made: every value gets columns of its own.
final class ArenaLayout {
    private static let maximumBytesPerRow = 1 << 22
    private(set) var bytesPerRow = 0

    func reserve(_ element: ElementType, _ width: Int) throws -> Slot {
        let slot = Slot(offset: bytesPerRow, element: element, width: width)
        bytesPerRow = try bytesPerRow.adding(try width.multiplied(by: slot.byteCount, "plan"), "plan")
        guard bytesPerRow <= Self.maximumBytesPerRow else {
            throw NotPlanned("more than \(Self.maximumBytesPerRow) bytes of values per row")
        }
        return slot
    }
}
