import MaxExpectations
import MaxFormats
import MaxIR
import MaxRuntime

/// The rows of one request as columns, in memory that is kept from request to request.
final class RowBatch {
    private let schema: Schema
    private let positions: [Text: Int]
    private var columns: [ColumnBuffer]
    private(set) var rows = 0
    private var claimed: [Bool]
    private let elements: [ElementType]
    private let isRequired: [Bool]
    private let monitor: ExpectationMonitor?
    private let check: ExpectationCheck?

    init(_ schema: Schema, _ monitor: ExpectationMonitor? = nil) {
        self.schema = schema
        self.monitor = monitor
        check = monitor.map { ExpectationCheck($0.rules) }
        positions = Dictionary(schema.columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        columns = schema.columns.map { ColumnBuffer($0.element) }
        elements = schema.columns.map(\.element)
        isRequired = schema.columns.map { $0.missing == nil || $0.missing == .error }
        claimed = Array(repeating: false, count: schema.columns.count)
    }

    func position(of column: Text) -> Int? { positions[column] }

    /// Forgets the rows before; every value is missing until it is given.
    func start(rows: Int) {
        self.rows = rows
        for index in columns.indices {
            columns[index].start(rows: rows)
            claimed[index] = false
        }
    }

    /// Says that values of this column follow; false when it was said before.
    func claim(_ column: Int) -> Bool {
        guard !claimed[column] else { return false }
        claimed[column] = true
        return true
    }

    /// The first column that needs a value and was not claimed.
    var firstAbsent: Int? { claimed.indices.first { isRequired[$0] && !claimed[$0] } }

    func set(_ column: Int, _ row: Int, _ value: Double) { columns[column].set(row, value) }
    func set(_ column: Int, _ row: Int, _ value: Float) { columns[column].set(row, Double(value)) }
    func set(_ column: Int, _ row: Int, _ value: Int64) { columns[column].set(row, value) }
    func set(_ column: Int, _ row: Int, text: Text) { columns[column].set(row, text) }
    func element(_ column: Int) -> ElementType { elements[column] }

    /// Reads one JSON value into a cell, by the column's type. `null` is missing.
    func read(_ scanner: inout JSONScanner, _ column: Int, _ row: Int) throws(MaxError) {
        if scanner.takeWord("null") { return }
        let element = elements[column]
        do throws(MaxError) {
            switch element {
            case .string: set(column, row, text: try scanner.text())
            case .f32: try set(column, row, isText(&scanner) ? Float(numberToken(try scanner.text())) : scanner.float())
            case _ where element.isFloat: try set(column, row, isText(&scanner) ? numberToken(try scanner.text()) : scanner.double())
            case .bool:
                let next = scanner.peek()
                let isWord = next == UInt8(ascii: "t") || next == UInt8(ascii: "f")
                set(column, row, isWord ? (try scanner.bool() ? 1 : 0) : try scanner.integer())
            default: set(column, row, try scanner.integer())
            }
        } catch {
            throw MaxError(
                error.code, "column \(schema.columns[column].name.quoted) at row \(row): expected \(element.v2Name): \(error.message)")
        }
    }

    /// Reads a field of a text table into a cell, by the column's type.
    func read(text: [UInt8], _ column: Int, _ row: Int) throws(MaxError) {
        let element = elements[column]
        let found = Text(utf8: text)
        guard found.isValidUTF8 else {
            throw MaxError(.malformed, "column \(schema.columns[column].name.quoted): found text that is not UTF-8")
        }
        if element == .string { return set(column, row, text: found) }
        let wrong = MaxError(
            .malformed,
            "column \(schema.columns[column].name.quoted): found \(Text(String(found.string.prefix(32))).quoted), expected \(element.v2Name)"
        )
        switch element {
        case .bool:
            switch found.string.lowercased() {
            case "true", "1": set(column, row, Int64(1))
            case "false", "0": set(column, row, Int64(0))
            default: throw wrong
            }
        case _ where element.isFloat:
            guard Self.isDecimal(text) else {
                guard let value = try? numberToken(found) else { throw wrong }
                return set(column, row, value)
            }
            if element == .f32 {
                guard let value = Decimal.float(text[...]) else { throw wrong }
                set(column, row, value)
            } else {
                guard let value = Decimal.double(text[...]) else { throw wrong }
                set(column, row, value)
            }
        default:
            guard Self.isDecimal(text), let value = Decimal.integer(text[...]) else { throw wrong }
            set(column, row, value)
        }
    }

    /// Whether the text has the letters of a decimal number and a digit before any exponent.
    private static func isDecimal(_ text: [UInt8]) -> Bool {
        let isDigit: (UInt8) -> Bool = { $0 >= 0x30 && $0 <= 0x39 }
        return text.allSatisfy { isDigit($0) || $0 | 0x20 == UInt8(ascii: "e") || "+-.".utf8.contains($0) }
            && text.prefix { $0 | 0x20 != UInt8(ascii: "e") }.contains(where: isDigit)
    }

    private func isText(_ scanner: inout JSONScanner) -> Bool { scanner.peek() == UInt8(ascii: "\"") }

    /// `NaN` and the infinities as texts, which JSON libraries write that have no token for them.
    private func numberToken(_ text: Text) throws(MaxError) -> Double {
        switch text.string {
        case "NaN", "nan": return .nan
        case "Infinity", "inf": return .infinity
        case "-Infinity", "-inf": return -.infinity
        default: throw MaxError(.malformed, "expected a number, found a text")
        }
    }

    /// Scores the rows.
    ///
    /// - Throws: `.malformed` naming the first row that is not as expected, where such are refused.
    func predict(_ context: Context) throws(MaxError) {
        let views = UnsafeMutableBufferPointer<ColumnView>.allocate(capacity: columns.count)
        defer { views.deallocate() }
        for (index, column) in columns.enumerated() { (views.baseAddress! + index).initialize(to: column.view) }
        defer { views.deinitialize() }
        try expect(UnsafeBufferPointer(views))
        try context.predict(UnsafeBufferPointer(views), rows: rows)
    }
}

extension RowBatch {
    private func expect(_ views: UnsafeBufferPointer<ColumnView>) throws(MaxError) {
        guard let check, let monitor else { return }
        check.reset()
        let isExpected = check.check(views, rows: rows)
        monitor.record(check)
        guard !isExpected, monitor.refuses, let violation = check.firstViolation else { return }
        let more = check.violatingRowCount > 1 ? " (rows that are not: \(check.violatingRowCount))" : ""
        throw MaxError(.malformed, "row \(violation.row) is not as expected: \(violation.sentence)\(more)")
    }
}

/// The values of one column: doubles, 64-bit integers or texts.
final class ColumnBuffer {
    private let element: ElementType
    /// Bits of doubles, or of 64-bit integers.
    private var words: UnsafeMutablePointer<UInt64>
    private var validity: UnsafeMutablePointer<UInt8>
    private var capacity = 64
    /// Of texts: where each row's bytes lie in `bytes`.
    private var texts: [Text] = []
    private var offsets: UnsafeMutablePointer<Int64>
    private var bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    private var byteCapacity = 256

    init(_ element: ElementType) {
        self.element = element
        words = .allocate(capacity: capacity)
        validity = .allocate(capacity: capacity / 8 + 1)
        offsets = .allocate(capacity: capacity + 1)
    }

    deinit {
        words.deallocate()
        validity.deallocate()
        offsets.deallocate()
        bytes.deallocate()
    }

    func start(rows: Int) {
        if rows > capacity {
            words.deallocate()
            validity.deallocate()
            offsets.deallocate()
            capacity = rows
            words = .allocate(capacity: rows)
            validity = .allocate(capacity: rows / 8 + 1)
            offsets = .allocate(capacity: rows + 1)
        }
        validity.initialize(repeating: 0, count: rows / 8 + 1)
        words.initialize(repeating: 0, count: max(rows, 1))
        if element == .string { texts = Array(repeating: "", count: rows) }
    }

    private func mark(_ row: Int) { validity[row >> 3] |= 1 << UInt8(row & 7) }

    func set(_ row: Int, _ value: Double) {
        words[row] = value.bitPattern
        mark(row)
    }

    func set(_ row: Int, _ value: Int64) {
        words[row] = element.isFloat ? Double(value).bitPattern : UInt64(bitPattern: value)
        mark(row)
    }

    func set(_ row: Int, _ text: Text) {
        texts[row] = text
        mark(row)
    }

    var view: ColumnView {
        guard element == .string else {
            let stored: ElementType = element.isFloat ? .f64 : .i64
            return ColumnView(stored, UnsafeRawPointer(words), strideBytes: 8, validity: UnsafePointer(validity))
        }
        let total = texts.reduce(0) { $0 + $1.utf8.count }
        if total > byteCapacity {
            bytes.deallocate()
            byteCapacity = total
            bytes = .allocate(capacity: total)
        }
        var end = 0
        offsets[0] = 0
        for (row, text) in texts.enumerated() {
            text.utf8.withUnsafeBufferPointer { if let start = $0.baseAddress { (bytes + end).update(from: start, count: $0.count) } }
            end += text.utf8.count
            offsets[row + 1] = Int64(end)
        }
        return ColumnView(
            .string, UnsafeRawPointer(bytes), strideBytes: 0, offsets: .wide(UnsafePointer(offsets)), validity: UnsafePointer(validity))
    }
}
