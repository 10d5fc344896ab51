import MaxIR

/// How far from the values expected the reference evaluator is, by operator: the table of `docs/fidelity.md`.
public struct Fidelity: Sendable {
    struct Row: Sendable {
        var cases = 0, values = 0, equal = 0
        /// Of the floats that are not equal, NaN equal to NaN.
        var units = 0.0, relative = 0.0
    }
    private(set) var rows: [String: Row] = [:]

    public init() {}

    /// Adds a case of one operator, or of the zoo, if it passes.
    public mutating func add(_ name: String, in folder: CaseFolder, isZoo: Bool) {
        guard let given = try? folder.read(name), given.skipReason == nil else { return }
        guard isZoo || Set(given.operators).count == 1, let operators = isZoo ? "" : given.operators.first else { return }
        let group =
            isZoo ? "models: \(name.split(separator: "-").first ?? "")" : operators.split(separator: ":").last.map(String.init) ?? ""
        var found: [(Tensor, Tensor)] = []
        do {
            let difference = try Outcome.difference(given, name) { expected, value in
                if let a = expected.tensor, case .tensor(let b) = value, a.count == b.count { found.append((a, b)) }
            }
            guard difference == nil else { return }
        } catch {
            return
        }
        rows[group, default: Row()].cases += 1
        for (expected, value) in found { rows[group, default: Row()].measure(expected, value) }
    }

    /// Rows in the order of their operators, those that are equal everywhere on one line.
    public var markdown: String {
        var out = "| operator | cases | values | equal | largest error, units in the last place | largest relative error |\n"
        out += "| --- | --- | --- | --- | --- | --- |\n"
        var exact: [String] = []
        for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
            if row.equal == row.values, !name.hasPrefix("models") {
                exact.append(name)
                continue
            }
            let share = row.values == 0 ? 100 : (Double(row.equal) / Double(row.values) * 1000).rounded(.down) / 10
            out += "| \(name) | \(row.cases) | \(row.values) | \(share) % | \(Self.short(row.units)) | \(Self.short(row.relative)) |\n"
        }
        return out + "\nEqual in every value of every case: \(exact.joined(separator: ", ")).\n"
    }

    /// Two digits, rounded up.
    private static func short(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return "\(value)" }
        var (scaled, exponent) = (value, 0)
        while scaled >= 10 { (scaled, exponent) = (scaled / 10, exponent + 1) }
        while scaled < 1 { (scaled, exponent) = (scaled * 10, exponent - 1) }
        let digits = (scaled * 10).rounded(.up) / 10
        return exponent == 0 ? "\(digits)" : "\(digits)e\(exponent)"
    }
}

extension Fidelity.Row {
    mutating func measure(_ expected: Tensor, _ found: Tensor) {
        values += expected.count
        let precision: (digits: Int, smallest: Double)
        switch expected.elementType {
        case .f64: precision = (52, .leastNonzeroMagnitude)
        case .f32: precision = (23, Double(Float.leastNonzeroMagnitude))
        case .f16: precision = (10, 0x1p-24)
        case .bf16: precision = (7, 0x1p-133)
        default:
            equal += expected.count
            return
        }
        guard let a = try? Cast.convert(expected, to: .f64).values(as: Double.self),
            let b = try? Cast.convert(found, to: .f64).values(as: Double.self)
        else { return }
        for (x, y) in zip(a, b) {
            if x == y && x.sign == y.sign || x.isNaN && y.isNaN {
                equal += 1
                continue
            }
            guard x.isFinite, y.isFinite else { continue }
            let unit =
                x == 0
                ? precision.smallest : max(Double(sign: .plus, exponent: x.exponent - precision.digits, significand: 1), precision.smallest)
            units = max(units, abs(x - y) / unit)
            if x != 0 { relative = max(relative, abs(x - y) / abs(x)) }
        }
    }
}
