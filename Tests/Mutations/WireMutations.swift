import MaxCompiler
import MaxFormats
import MaxIR

/// A protobuf message as a tree, so that one field can be changed and all lengths around it stay right.
struct WireTree {
    indirect enum Content {
        case varint(UInt64)
        case fixed32(UInt64)
        case fixed64(UInt64)
        case bytes([UInt8])
        case message(WireTree)
    }

    var fields: [(number: Int, content: Content)] = []

    /// nil for what is no message. Bytes that happen to read as a message are taken for one, which does no harm.
    init?(_ bytes: [UInt8], depth: Int = 0) {
        let parsed: [(Int, Content)]? = bytes.withUnsafeBytes { raw in
            var reader = WireReader(raw)
            var fields: [(Int, Content)] = []
            while reader.position < raw.count {
                guard let next = try? reader.next() else { return nil }
                switch next.type {
                case .varint: fields.append((next.number, .varint(next.word)))
                case .fixed32: fields.append((next.number, .fixed32(next.word)))
                case .fixed64: fields.append((next.number, .fixed64(next.word)))
                case .bytes:
                    let content = Array(next.content)
                    if depth < 12, content.count > 1, let inner = WireTree(content, depth: depth + 1) {
                        fields.append((next.number, .message(inner)))
                    } else {
                        fields.append((next.number, .bytes(content)))
                    }
                }
            }
            return fields
        }
        guard let parsed, !parsed.isEmpty || bytes.isEmpty else { return nil }
        fields = parsed
    }

    var bytes: [UInt8] {
        var out = WireWriter()
        for (number, content) in fields {
            let key = UInt64(number) << 3
            func word(_ value: UInt64, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
            switch content {
            case .varint(let value): out.int(number, Int64(bitPattern: value))
            case .fixed32(let value):
                out.varint(key | 5)
                out.raw(word(value, 4))
            case .fixed64(let value):
                out.varint(key | 1)
                out.raw(word(value, 8))
            case .bytes(let value): out.data(number, value)
            case .message(let value): out.data(number, value.bytes)
            }
        }
        return out.bytes
    }

    /// Changes one field, somewhere in the tree.
    mutating func damage(_ random: inout SeededGenerator) {
        guard !fields.isEmpty else { return }
        let index = random.below(fields.count)
        if case .message(var inner) = fields[index].content, random.below(8) > 0 {
            inner.damage(&random)
            fields[index].content = .message(inner)
            return
        }
        switch random.below(10) {
        case 0: fields.remove(at: index)
        case 1: fields.insert(fields[index], at: index)
        case 2: fields.insert(fields[random.below(fields.count)], at: index)
        case 3: fields.swapAt(index, random.below(fields.count))
        case 4: fields[index].number = [fields[index].number + 1, 1 + random.below(24), 500][random.below(3)]
        default: Self.change(&fields[index].content, &random)
        }
    }

    private static func change(_ content: inout Content, _ random: inout SeededGenerator) {
        let telling = [UInt8].telling[random.below([UInt8].telling.count)]
        switch content {
        case .varint(let value):
            content = .varint(
                [telling, value &+ 1, value &- 1, UInt64(random.below(20)), value ^ 1 << UInt64(random.below(64))][random.below(5)])
        case .fixed32(let value):
            let floats: [UInt32] = [0x7fc0_0000, 0x7f80_0000, 0xff80_0000, 0x8000_0000, 1, 0x7f7f_ffff]
            content = .fixed32(random.below(2) == 0 ? UInt64(floats[random.below(floats.count)]) : value ^ 1 << UInt64(random.below(32)))
        case .fixed64(let value): content = .fixed64(random.below(2) == 0 ? telling : value ^ 1 << UInt64(random.below(64)))
        case .bytes(var value):
            value.damage(&random, others: [])
            content = .bytes(value)
        case .message(let value): content = .bytes(Array(value.bytes.dropLast(1 + random.below(8))))
        }
    }
}
