import MaxCompiler

/// Damage as transfers, disks and attackers do it, knowing nothing of the format.
extension [UInt8] {
    /// Values that have broken length checks before: ends of ranges, powers of two and their neighbours.
    static let telling: [UInt64] = [
        0, 1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 65_535, 65_536, 1 << 20, 1 << 24, 0x7fff_ffff, 0x8000_0000,
        0xffff_ffff, 1 << 32, 1 << 36, 1 << 60, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, .max - 1, .max,
    ]

    /// One change; `others` are files of the same kind to take pieces from.
    mutating func damage(_ random: inout SeededGenerator, others: [[UInt8]]) {
        guard !isEmpty else {
            self = (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return
        }
        let position = random.below(count)
        switch random.below(13) {
        case 0, 1: self[position] ^= 1 << UInt8(random.below(8))
        case 2: self[position] = UInt8(truncatingIfNeeded: random.next())
        case 3: removeLast(count - position)
        case 4: removeSubrange(position..<Swift.min(count, position + 1 + random.below(64)))
        case 5: insert(contentsOf: (0...random.below(16)).map { _ in UInt8(truncatingIfNeeded: random.next()) }, at: position)
        case 6: insert(contentsOf: piece(&random), at: position)
        case 7:
            let other = others.isEmpty ? self : others[random.below(others.count)]
            replaceSubrange(position..<Swift.min(count, position + 1 + random.below(64)), with: other.piece(&random))
        case 8, 9:
            // A length, a count or an offset of any width and order of bytes.
            let width = 1 << random.below(4)
            let value = Self.telling[random.below(Self.telling.count)]
            let bigEndian = random.below(2) == 0
            for index in 0..<width where position + index < count {
                let shift = UInt64(8 * (bigEndian ? width - 1 - index : index))
                self[position + index] = UInt8(truncatingIfNeeded: value >> shift)
            }
        case 10:
            let filler: UInt8 = [0, 0xff, 0x20, 0x30][random.below(4)]
            for index in position..<Swift.min(count, position + 1 + random.below(32)) { self[index] = filler }
        case 11:
            let other = random.below(count)
            swapAt(position, other)
        default: replaceDigits(near: position, &random)
        }
    }

    /// Up to 256 consecutive bytes.
    private func piece(_ random: inout SeededGenerator) -> [UInt8] {
        guard !isEmpty else { return [] }
        let start = random.below(count)
        return Array(self[start..<Swift.min(count, start + 1 + random.below(256))])
    }

    /// Another number in place of the first decimal number from `position` on.
    private mutating func replaceDigits(near position: Int, _ random: inout SeededGenerator) {
        func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
        guard let start = self[position...].firstIndex(where: isDigit) else { return }
        let end = self[start...].firstIndex { !isDigit($0) } ?? count
        let numbers = [
            "-1", "0", "00", "1e999", "1e-9223372036854775808", "1e9223372036854775807", "-1e-999", "1.5", "NaN", "-Infinity",
            "9223372036854775807", "9223372036854775808",
            "-9223372036854775809", "18446744073709551616", "4294967296", "2147483648", "1e18", "9007199254740993", "\"1\"", "null",
            "[1]", "{}", "true", "",
        ]
        let number =
            random.below(2) == 0
            ? numbers[random.below(numbers.count)] : String(Self.telling[random.below(Self.telling.count)])
        replaceSubrange(start..<end, with: Array(number.utf8))
    }
}
