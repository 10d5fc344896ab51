import MaxIR
import Testing

@Suite struct InterpolateTests {
    private static let hard: [Double] = [.nan, -.infinity, .infinity, -0.0, 0, 1, 1.5, 2, 3, 1e308, -1e308, .leastNonzeroMagnitude]

    private func line(_ xs: [Double], _ ys: [Double], ties: Text? = nil, at x: [Double] = hard) throws -> [Double] {
        var attributes: [String: Attribute] = ["xs": .floats(xs), "ys": .floats(ys)]
        if let ties { attributes["ties"] = .string(ties) }
        return try Featurizing.result(Ops.interpolate, attributes, x)
    }

    @Test func `ends hold beyond them, and NaN stays NaN`() throws {
        let y = try line([1, 2], [10, 20])
        #expect(y[0].isNaN)
        #expect(y[1...] == [10, 20, 10, 10, 10, 15, 20, 20, 20, 10, 10])
    }

    @Test func `of equal xs the last y counts, or the mean of first and last`() throws {
        let (xs, ys): ([Double], [Double]) = ([0, 1, 1, 1, 2, 2], [0, 1, 5, 7, 8, 9])
        #expect(try line(xs, ys, at: [0.5, 1, 1.5, 2, 3]) == [0.5, 7, 7.5, 9, 9])
        #expect(try line(xs, ys, ties: "mean", at: [0.5, 1, 1.5, 2, 3]) == [0.5, 4, 7.5, 9, 9])
    }

    @Test func `one point and equal points are constants`() throws {
        #expect(try line([3], [4], at: [-.infinity, 3, 1e9]) == [4, 4, 4])
        #expect(try line([3, 3], [0, 1], ties: "mean", at: [2, 3, 4]) == [0, 0, 1])
    }

    @Test(arguments: ["last", "mean"] as [Text])
    func `points that nearly touch, or are as far apart as can be, give no infinity`(ties: Text) throws {
        let tiny = Double.leastNonzeroMagnitude
        let near = try line([0, 4 * tiny], [0, 1], ties: ties, at: [tiny, 2 * tiny])
        #expect(near == [0.25, 0.5])
        let far = try line([-.greatestFiniteMagnitude, .greatestFiniteMagnitude], [0, 1], ties: ties, at: [0, 1e308])
        #expect(far.allSatisfy { (0...1).contains($0) })
    }

    @Test func `what is no polyline is refused`() {
        let wrong: [([Double], [Double], Text)] = [
            ([], [], "last"), ([1], [1, 2], "last"), ([2, 1], [0, 0], "last"), ([.nan], [0], "last"), ([.infinity], [0], "last"),
            ([1], [1], "first"),
        ]
        for (xs, ys, ties) in wrong { #expect(throws: MaxError.self) { try line(xs, ys, ties: ties) } }
    }
}
