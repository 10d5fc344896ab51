import Glibc
import MaxIR

extension KernelRequest {
    func labelEncoder() throws -> (any Step)? {
        guard let x = operands.first?.slot, x.width == out.width else { return nil }
        let dictionary = try LabelDictionary(evaluation)
        guard dictionary.values.elementType == out.element,
            let table = dictionary.values.appending([dictionary.otherwise])
        else { return nil }
        let values: UnsafeRawPointer
        switch table {
        case .f32(let a): values = UnsafeRawPointer(constants.copy(a))
        case .f64(let a): values = UnsafeRawPointer(constants.copy(a))
        case .i64(let a): values = UnsafeRawPointer(constants.copy(a))
        case .string(let a): values = UnsafeRawPointer(constants.copy(a.map { text -> StringView in constants.copy(text) }))
        default: return nil
        }
        let keys: [KeyTable.Entry]
        switch (x.element, dictionary.keys) {
        case (.string, .string(let texts)):
            keys = texts.map { text -> KeyTable.Entry in
                let view: StringView = constants.copy(text)
                return KeyTable.Entry(bits: KeyTable.hash(view.bytes), text: view)
            }
        case (.i64, .i64(let a)): keys = a.map { KeyTable.Entry(bits: UInt64(bitPattern: $0)) }
        case (.f32, .f32(let a)): keys = a.map { KeyTable.Entry(bits: KeyTable.bits($0)) }
        case (.f64, .f64(let a)): keys = a.map { KeyTable.Entry(bits: KeyTable.bits($0)) }
        default: return nil
        }
        return LabelEncoderStep(
            x: x, out: out, keys: KeyTable(keys, x.element == .string, constants), values: values)
    }
}

/// Keys with open addressing: the position of each in its list; the last of equal keys counts.
struct KeyTable: @unchecked Sendable {
    struct Entry: BitwiseCopyable {
        /// The key itself, or the hash of a text.
        var bits: UInt64
        var text = StringView(start: nil, count: 0)
        /// In the list of keys; -1 for a free place.
        var position = -1
    }

    private let entries: UnsafePointer<Entry>
    private let mask: Int
    /// The number of keys, which stands for "not found".
    let count: Int

    init(_ keys: [Entry], _ isText: Bool, _ constants: ConstantMemory) {
        var capacity = 8
        while capacity < keys.count * 2 { capacity *= 2 }
        mask = capacity - 1
        count = keys.count
        var places = [Entry](repeating: Entry(bits: 0), count: capacity)
        for (position, key) in keys.enumerated() {
            var place = Self.start(key.bits) & mask
            while places[place].position >= 0, !Self.isEqual(places[place], key.bits, key.text) { place = (place + 1) & mask }
            places[place] = key
            places[place].position = position
        }
        entries = UnsafePointer(constants.copy(places))
    }

    @inline(__always) private static func start(_ bits: UInt64) -> Int {
        Int(truncatingIfNeeded: (bits &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    @inline(__always) private static func isEqual(_ entry: Entry, _ bits: UInt64, _ text: StringView) -> Bool {
        guard entry.bits == bits, entry.text.count == text.count else { return false }
        guard text.count > 0, let a = entry.text.start, let b = text.start else { return true }
        return memcmp(a, b, text.count) == 0
    }

    @inline(__always) func find(_ bits: UInt64, _ text: StringView = StringView(start: nil, count: 0)) -> Int {
        var place = Self.start(bits) & mask
        while entries[place].position >= 0 {
            if Self.isEqual(entries[place], bits, text) { return entries[place].position }
            place = (place + 1) & mask
        }
        return count
    }

    /// FNV-1a.
    @inline(__always) static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
    /// Every NaN alike, and 0.0 as -0.0.
    @inline(__always) static func bits(_ x: Float) -> UInt64 { x.isNaN ? .max : x == 0 ? 0 : UInt64(x.bitPattern) }
    @inline(__always) static func bits(_ x: Double) -> UInt64 { x.isNaN ? .max : x == 0 ? 0 : x.bitPattern }
}

/// `Ops.labelEncoder`.
struct LabelEncoderStep: Step, @unchecked Sendable {
    var kernel: String { "label_encoder.\(x.element)" }
    var givesConstantText: Bool { true }
    let x: Slot
    let out: Slot
    let keys: KeyTable
    /// A value per key, and the default.
    let values: UnsafeRawPointer

    func run(_ frame: Frame) {
        let rows = frame.rows
        for column in 0..<out.width {
            let to = frame.raw(out, column: column)
            switch x.element {
            case .string:
                let from = frame.pointer(x, column: column, as: StringView.self)
                for row in 0..<rows { put(keys.find(KeyTable.hash(from[row].bytes), from[row]), row, to) }
            case .i64:
                let from = frame.pointer(x, column: column, as: Int64.self)
                for row in 0..<rows { put(keys.find(UInt64(bitPattern: from[row])), row, to) }
            case .f32:
                let from = frame.pointer(x, column: column, as: Float.self)
                for row in 0..<rows { put(keys.find(KeyTable.bits(from[row])), row, to) }
            default:
                let from = frame.pointer(x, column: column, as: Double.self)
                for row in 0..<rows { put(keys.find(KeyTable.bits(from[row])), row, to) }
            }
        }
    }

    @inline(__always) private func put(_ position: Int, _ row: Int, _ to: UnsafeMutableRawPointer) {
        switch out.byteCount {
        case 4: to.storeBytes(of: values.load(fromByteOffset: 4 * position, as: UInt32.self), toByteOffset: 4 * row, as: UInt32.self)
        case 8: to.storeBytes(of: values.load(fromByteOffset: 8 * position, as: UInt64.self), toByteOffset: 8 * row, as: UInt64.self)
        default: (to + 16 * row).copyMemory(from: values + 16 * position, byteCount: 16)
        }
    }
}
