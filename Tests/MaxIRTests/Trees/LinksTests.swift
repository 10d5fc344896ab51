import Glibc
import MaxIR
import Testing

private func result(_ op: Operator, _ attributes: [String: Attribute], _ x: Tensor) throws -> [Float] {
    var builder = GraphBuilder(name: "test")
    let input = try builder.input("x", x.type)
    builder.output("y", try builder.add(op, [input], attributes))
    return try #require(try builder.finish().evaluate([.tensor(x)])[0].tensor?.values())
}

@Suite struct LinksTests {
    @Test func `the clamped logistic never reaches 0 and keeps NaN`() throws {
        let y = try result(
            Ops.logistic, ["form": .string("clamped")], Tensor([-1000, -88.7, 0, 1000, .nan] as [Float]))
        #expect(y[0] == 1 / (expf(88.7) + 1))
        #expect(y[0] > 0)
        #expect(y[1] == y[0])
        #expect(y[2] == 0.5)
        #expect(y[3] == 1)
        #expect(y[4].isNaN)
    }

    @Test func `the mirrored logistic of x and -x add up to one`() throws {
        let y = try result(Ops.logistic, ["form": .string("mirrored")], Tensor([-3, 3, -200, 200] as [Float]))
        #expect(y[0] + y[1] == 1)
        #expect(y[2...] == [0, 1])
    }

    @Test func `an unknown form of the logistic is refused`() throws {
        #expect(throws: MaxError.self) { try result(Ops.logistic, ["form": .string("steep")], Tensor([Float(0)])) }
    }

    @Test func `the wide softmax divides by the f64 sum`() throws {
        let x: [Float] = [0.1, -2, 3.5, 0.7]
        let powers = x.map { expf($0 - 3.5) }
        let total = Float(powers.reduce(0.0) { $0 + Double($1) })
        #expect(try result(Ops.softmaxWide, [:], Tensor(x, shape: [1, 4])) == powers.map { $0 / total })
    }

    @Test func `expectiles never fall`() throws {
        let y = try result(Ops.expectiles, [:], Tensor([2, -50, -200, 3] as [Float], shape: [1, 4]))
        #expect(y[0] == 2)
        #expect(zip(y, y.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `an ordered linear model skips NaN and starts at its base`() throws {
        let weights = Tensor([1, 10, 2, 20] as [Float], shape: [2, 2])
        let x = Tensor([1, 2, .nan, 3] as [Float], shape: [2, 2])
        let y = try result(
            Ops.orderedLinear, ["weights": .tensor(weights), "base": .tensor(Tensor([0.5, -1] as [Float]))], x)
        #expect(y == [5.5, 49, 6.5, 59])
    }

    @Test func `a label encoder matches NaN with NaN, takes the last of equal keys, and else the default`() throws {
        let attributes: [String: Attribute] = [
            "keys_floats": .floats([1, .nan, 1, 0]), "values_floats": .floats([10, 20, 30, 40]),
            "default_float": .float(-1),
        ]
        let y = try result(Ops.labelEncoder, attributes, Tensor([1, -.nan, 2, -0.0] as [Float]))
        #expect(y == [30, 20, -1, 40])
    }
}
