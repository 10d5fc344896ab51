import MaxIR

/// The different values of a column and which one each row has.
struct Categories: Sendable {
    enum Keys: Sendable {
        /// In the order of their bytes.
        case texts([Text])
        /// Ascending, without NaN; 0.0 and -0.0 are one.
        case numbers([Double])

        var count: Int {
            switch self {
            case .texts(let a): a.count;
            case .numbers(let a): a.count
            }
        }
    }
    let keys: Keys
    let counts: [Int]
    /// The position of each row's value among `keys`; -1 where it is missing.
    let codes: [Int32]

    var missingCount: Int { codes.count - counts.reduce(0, +) }

    init(numbers: UnsafeBufferPointer<Double>) {
        var distinct: [UInt64: Int32] = [:]
        var values: [Double] = []
        var codes: [Int32] = []
        codes.reserveCapacity(numbers.count)
        for number in numbers {
            if number.isNaN {
                codes.append(-1)
                continue
            }
            let bits = number == 0 ? 0 : number.bitPattern
            if let code = distinct[bits] {
                codes.append(code)
            } else {
                let code = Int32(truncatingIfNeeded: values.count)
                distinct[bits] = code
                values.append(number == 0 ? 0 : number)
                codes.append(code)
            }
        }
        let order = values.indices.sorted { values[$0] < values[$1] }
        self.init(.numbers(order.map { values[$0] }), order, codes)
    }

    init(_ texts: borrowing TextCodes) {
        let keys = texts.keys
        let order = keys.indices.sorted { keys[$0] < keys[$1] }
        self.init(.texts(order.map { keys[$0] }), order, texts.codes)
    }

    private init(_ keys: Keys, _ order: [Int], _ codes: [Int32]) {
        self.keys = keys
        var rank = [Int32](repeating: 0, count: order.count)
        for (position, index) in order.enumerated() { rank[index] = Int32(truncatingIfNeeded: position) }
        var counts = [Int](repeating: 0, count: order.count)
        var ranked = codes
        for row in ranked.indices where ranked[row] >= 0 {
            let code = rank[Int(ranked[row])]
            ranked[row] = code
            counts[Int(code)] += 1
        }
        self.codes = ranked
        self.counts = counts
    }

    func label(_ index: Int) -> String {
        switch keys {
        case .texts(let texts): return texts[index].string
        case .numbers(let numbers):
            if let integer = Int64(exactly: numbers[index]) { return "\(integer)" }
            return "\(numbers[index])"
        }
    }
}

/// The number of each row's text, in the order in which they come.
struct TextCodes: ~Copyable {
    private var index = TextIndex()
    private(set) var codes: [Int32] = []

    init(rows: Int) { codes.reserveCapacity(rows) }

    var keys: [Text] { index.texts }

    mutating func appendMissing() { codes.append(-1) }

    mutating func append(_ text: UnsafeBufferPointer<UInt8>) { codes.append(Int32(truncatingIfNeeded: index.insert(text))) }
}
