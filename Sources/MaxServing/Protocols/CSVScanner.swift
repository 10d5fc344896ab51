import MaxIR

/// The fields of comma-separated values, one after the other: lines end with LF or CRLF, a field in double quotes may hold
/// commas, line ends and doubled quotes, empty lines are passed over.
///
/// Source: RFC 4180; empty lines as pandas.read_csv.
struct CSVScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    /// Of the line that is read, from 1.
    private(set) var line = 1
    /// The field that was read last, unquoted, and whether it stood in quotes.
    private(set) var field: [UInt8] = []
    private(set) var wasQuoted = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        // A byte order mark, which spreadsheets write.
        position = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    /// Moves to the next line that is not empty; false at the end.
    mutating func nextLine() -> Bool {
        while position < bytes.count {
            guard takeLineEnd() else { return true }
        }
        return false
    }

    /// Reads one field; whether another follows on the same line.
    mutating func next() throws(MaxError) -> Bool {
        field.removeAll(keepingCapacity: true)
        wasQuoted = take(UInt8(ascii: "\""))
        if wasQuoted {
            try quoted()
        } else {
            while position < bytes.count, !isEnd(bytes[position]) {
                field.append(bytes[position])
                position += 1
            }
        }
        if take(UInt8(ascii: ",")) { return true }
        guard position == bytes.count || takeLineEnd() else {
            throw MaxError(.malformed, "line \(line): text after a closing quote, expected a comma or the end of the line")
        }
        return false
    }

    /// The rest of a field in quotes.
    private mutating func quoted() throws(MaxError) {
        let start = line
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\""), !take(byte) { return }
            if byte == UInt8(ascii: "\n") { line += 1 }
            field.append(byte)
        }
        throw MaxError(.malformed, "line \(start): a quoted field has no end")
    }

    private func isEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n")
            || (byte == UInt8(ascii: "\r") && position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "\n"))
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeLineEnd() -> Bool {
        if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\r"), bytes[position + 1] == UInt8(ascii: "\n") { position += 1 }
        guard take(UInt8(ascii: "\n")) else { return false }
        line += 1
        return true
    }
}
