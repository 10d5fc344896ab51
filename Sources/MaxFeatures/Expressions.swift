import MaxIR
import MaxLearning
import MaxSettings

extension Featurizers {
    static let expressions: [Featurizer] = [expression]

    static let expression = Featurizer(
        "expression",
        "One column from others by a formula such as `distance / air_time`, `log1p(x)` or `a > b`: + - * / ^, comparisons (0 or 1; 0 where a side "
            + "is NaN, but != gives 1), parentheses, numbers, and abs, sqrt, exp, log, log1p, floor, ceil, round, sin, cos, tan, min(a, b), "
            + "max(a, b). Names with other characters than letters, digits and _ stand in back quotes. The rules are those of IEEE 754; "
            + "log1p(x) is log(1 + x), rounded twice. With `keep` the columns themselves stay too.",
        takes: [.numbers], isJoint: true, learns: false,
        settings: [
            Setting("formula", .text, nil, "what to compute"), Setting("name", .text, nil, "the column's name; the formula unless given"),
            Setting("keep", .flag, false, "whether the columns that the formula uses stay"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        guard let formula = settings.optionalText("formula") else {
            throw MaxError(.usage, "expression: formula: found nothing, expected a formula")
        }
        var parser = FormulaParser(formula, fit, flow)
        let value = try fit.cast(try parser.formula())
        let name = Text(settings.optionalText("name") ?? formula)
        let sources = unique(parser.used.sorted().flatMap { flow.sources[$0] })
        guard settings.flag("keep") else {
            return FeatureFlow(value: value, kind: .numbers, columns: [.init(name)], sources: [sources])
        }
        return FeatureFlow(
            value: try fit.concat([flow.value, value]), kind: .numbers, columns: flow.columns + [.init(name)],
            sources: flow.sources + [sources])
    }
}

/// Reads a formula and writes its nodes as it goes: comparisons bind least, then sums, products, signs and powers.
struct FormulaParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private let fit: FeatureFit
    private let flow: FeatureFlow
    /// Positions of the columns that are named.
    private(set) var used: Set<Int> = []

    init(_ formula: String, _ fit: FeatureFit, _ flow: FeatureFlow) {
        bytes = Array(formula.utf8)
        self.fit = fit
        self.flow = flow
    }

    mutating func formula() throws(MaxError) -> ValueID {
        let value = try comparison()
        guard peek() == nil else { throw unexpected("an operator or the end") }
        guard !used.isEmpty else { throw MaxError(.usage, "expression: \(Text(utf8: bytes).quoted): no column, expected at least one") }
        return value
    }

    private mutating func comparison() throws(MaxError) -> ValueID {
        let left = try sum()
        for (sign, op) in [
            ("<=", "less_or_equal"), (">=", "greater_or_equal"), ("==", "equal"), ("!=", "not"), ("<", "less"), (">", "greater"),
        ] where take(sign) {
            let right = try sum()
            let isTrue =
                op == "not" ? try fit.add("not", [try fit.add("equal", [left, right])]) : try fit.add(op, [left, right])
            return try fit.cast(isTrue)
        }
        return left
    }

    private mutating func sum() throws(MaxError) -> ValueID {
        var value = try product()
        while true {
            if take("+") {
                value = try fit.add("add", [value, try product()])
            } else if take("-") {
                value = try fit.add("sub", [value, try product()])
            } else {
                return value
            }
        }
    }

    private mutating func product() throws(MaxError) -> ValueID {
        var value = try signed()
        while true {
            if take("*") {
                value = try fit.add("mul", [value, try signed()])
            } else if take("/") {
                value = try fit.add("div", [value, try signed()])
            } else {
                return value
            }
        }
    }

    private mutating func signed() throws(MaxError) -> ValueID {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw MaxError(.limitExceeded, "expression: nested deeper than 64") }
        if take("-") { return try fit.add("neg", [try signed()]) }
        let base = try primary()
        return take("^") ? try fit.add("pow", [base, try signed()]) : base
    }

    private static let functions: [String: Int] = [
        "abs": 1, "sqrt": 1, "exp": 1, "log": 1, "log1p": 1, "floor": 1, "ceil": 1, "round": 1, "sin": 1, "cos": 1, "tan": 1, "min": 2,
        "max": 2,
    ]

    private mutating func primary() throws(MaxError) -> ValueID {
        guard let next = peek() else { throw unexpected("a column, a number or (") }
        if take("(") {
            let value = try comparison()
            guard take(")") else { throw unexpected(")") }
            return value
        }
        if next == UInt8(ascii: "`") {
            position += 1
            let start = position
            while position < bytes.count, bytes[position] != UInt8(ascii: "`") { position += 1 }
            guard position < bytes.count else { throw unexpected("` after the name") }
            let name = Text(utf8: Array(bytes[start..<position]))
            position += 1
            return try column(name)
        }
        let start = position
        if Self.isDigit(next) || next == UInt8(ascii: ".") {
            while position < bytes.count, Self.isNumber(bytes, position) { position += 1 }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            guard let number = Double(text), number.isFinite else {
                position = start
                throw unexpected("a number")
            }
            return try fit.constant([number], shape: [1, 1])
        }
        while position < bytes.count, Self.isName(bytes[position]) { position += 1 }
        guard position > start else { throw unexpected("a column, a number or (") }
        let name = Text(utf8: Array(bytes[start..<position]))
        guard peek() == UInt8(ascii: "(") else { return try column(name) }
        guard let count = Self.functions[name.string] else {
            position = start
            throw unexpected("one of \(Self.functions.keys.sorted().joined(separator: ", "))")
        }
        _ = take("(")
        var arguments = [try comparison()]
        while take(",") { arguments.append(try comparison()) }
        guard arguments.count == count else {
            throw MaxError(.usage, "expression: \(name): found \(arguments.count) arguments, expected \(count)")
        }
        guard take(")") else { throw unexpected(")") }
        if name == "log1p" { return try fit.add("log", [try fit.add("add", [arguments[0], try fit.constant([1], shape: [1, 1])])]) }
        return try fit.add(name.string, arguments.map { $0 })
    }

    private mutating func column(_ name: Text) throws(MaxError) -> ValueID {
        guard let index = flow.columns.firstIndex(where: { $0.name == name }) else {
            let known = flow.columns.prefix(16).map(\.name.string).joined(separator: ", ")
            throw MaxError(.usage, "expression: no column \(name.quoted) in this list: expected one of \(known)")
        }
        used.insert(index)
        return try fit.gather(flow.value, [index], of: flow.width)
    }

    private mutating func peek() -> UInt8? {
        while position < bytes.count, bytes[position] == 0x20 { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ sign: String) -> Bool {
        _ = peek()
        guard bytes[position...].starts(with: sign.utf8) else { return false }
        position += sign.utf8.count
        return true
    }

    private mutating func unexpected(_ expected: String) -> MaxError {
        let found = peek().map { Text(utf8: [$0]).quoted } ?? "the end"
        return MaxError(.usage, "expression: \(Text(utf8: bytes).quoted): character \(position + 1): found \(found), expected \(expected)")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    private static func isName(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == 0x5f || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || byte >= 0x80
    }
    private static func isNumber(_ bytes: [UInt8], _ at: Int) -> Bool {
        let byte = bytes[at]
        if isDigit(byte) || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") { return true }
        return (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")) && at > 0 && bytes[at - 1] | 0x20 == UInt8(ascii: "e")
    }
}
