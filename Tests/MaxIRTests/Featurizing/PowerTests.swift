import Glibc
import MaxIR
import Testing

@Suite struct PowerTests {
    private func yeoJohnson(_ lambda: Double, _ x: [Double]) throws -> [Double] {
        try Featurizing.result(Ops.yeoJohnson, ["lambda": .float(lambda)], x)
    }

    @Test func `the exponent 1 leaves values as they are`() throws {
        for x in [0, 1.5, -2.25, 1e100, -1e100, 1e-300, -1e-300] as [Double] {
            let y = try yeoJohnson(1, [x])[0]
            #expect(abs(y - x) <= abs(x) * 1e-13)
        }
    }

    @Test func `0 and 2 are logarithms`() throws {
        #expect(try yeoJohnson(0, [3, 1e-300, 0]) == [log1p(3), 1e-300, 0])
        #expect(try yeoJohnson(2, [-3, -1e-300, -0.0]) == [-log1p(3), -1e-300, 0])
    }

    @Test(arguments: [-10, -1, 0, 0.5, 1, 2, 3.7, 1e-17])
    func `order is kept, zero is zero and NaN stays NaN`(lambda: Double) throws {
        let x = [-.infinity, -1e3, -1, -1e-9, -0.0, 1e-9, 1, 1e3, .infinity, .nan]
        let y = try yeoJohnson(lambda, x)
        #expect(y[4] == 0 && y[4].sign == .plus)
        #expect(y[9].isNaN)
        #expect(zip(y.dropLast(), y.dropFirst().dropLast()).allSatisfy { $0 <= $1 })
    }

    @Test func `Box-Cox is NaN below 0 and a logarithm at exponent 0`() throws {
        let x: [Double] = [-1, -.infinity, .nan, 0, -0.0, 1, 4, .infinity]
        let y = try Featurizing.result(Ops.boxCox, ["lambda": .float(0.5)], x)
        #expect(y[0].isNaN && y[1].isNaN && y[2].isNaN)
        #expect(y[3...] == [-2, -2, 0, 2, .infinity])
        let logarithm = try Featurizing.result(Ops.boxCox, ["lambda": .float(0)], [1, M_E, 0])
        #expect(logarithm == [0, 1, -.infinity])
    }

    @Test func `the normal quantile is that of its distribution function`() throws {
        let p: [Double] = [0, 1, 0.5, -0.1, 1.1, .nan]
        let ends = try Featurizing.result(Ops.normalQuantile, [:], p)
        #expect(ends[..<3] == [-.infinity, .infinity, 0])
        #expect(ends[3...].allSatisfy { $0.isNaN })
        for p in [1e-300, 1e-20, 1e-7, 0.01, 0.2, 0.25, 0.3, 0.49999, 0.5000001, 0.75, 0.9, 0.999999] {
            let x = try Featurizing.result(Ops.normalQuantile, [:], [p])[0]
            // Of relative errors e in x the function makes x² e.
            #expect(abs(0.5 * erfc(-x / 2.0.squareRoot()) - p) <= p * 4e-15 * (1 + x * x))
            let mirrored = try Featurizing.result(Ops.normalQuantile, [:], [1 - p])[0]
            if p > 0.01, p < 0.5 { #expect(abs(mirrored + x) < 1e-13) }
        }
    }
}
