/// A compensated sum: its error does not grow with the number of terms.
/// Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
struct Sum {
    private var total = 0.0
    private var compensation = 0.0

    mutating func add(_ x: Double) {
        let next = total + x
        compensation += abs(total) >= abs(x) ? (total - next) + x : (x - next) + total
        total = next
    }

    var value: Double { total.isFinite ? total + compensation : total }

    static func of(_ values: some Sequence<Double>) -> Double {
        var sum = Sum()
        for value in values { sum.add(value) }
        return sum.value
    }
}
