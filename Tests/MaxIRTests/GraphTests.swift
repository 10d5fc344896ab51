import MaxIR
import Testing

@Suite struct GraphTests {
    @Test func everyOperatorHasOneName() {
        #expect(Set(Ops.all.map(\.name)).count == Ops.all.count)
    }

    @Test func anOperandOfAnotherTypeIsNamedWithBothTypes() throws {
        var builder = GraphBuilder(name: "g")
        let a = try builder.input("a", TensorType(.f32, [.rows]))
        let b = try builder.input("b", TensorType(.i64, [.rows]))
        let error = #expect(throws: MaxError.self) { try builder.add(Ops.add, [a, b], label: "n1") }
        #expect(error?.message == "'add' \"n1\": operands are f32[N] and i64[N], expected one element type")
    }

    @Test func innerDimensionsThatDifferAreNamed() throws {
        var builder = GraphBuilder(name: "g")
        let a = try builder.input("a", TensorType(.f32, [.rows, .fixed(30)]))
        let b = try builder.constant(Tensor([Float](repeating: 0, count: 112), shape: [28, 4]))
        let error = #expect(throws: MaxError.self) { try builder.add(Ops.matmul, [a, b]) }
        #expect(error?.message == "'matmul': inner dimensions differ: f32[N, 30] has 30, f32[28, 4] has 28")
    }

    @Test func namesThatLookEqualButDifferInBytesAreTwo() throws {
        var builder = GraphBuilder(name: "g")
        _ = try builder.input(Text(utf8: [0xc3, 0xa9]), TensorType(.f32, [.rows]))
        _ = try builder.input(Text(utf8: [0x65, 0xcc, 0x81]), TensorType(.f32, [.rows]))
        _ = try builder.finish()
        #expect(throws: MaxError.self) {
            var again = builder
            _ = try again.input(Text(utf8: [0xc3, 0xa9]), TensorType(.f32, [.rows]))
            _ = try again.finish()
        }
    }

    @Test func aTypeThatInferenceDoesNotGiveIsRefused() throws {
        var builder = GraphBuilder(name: "g")
        let a = try builder.input("a", TensorType(.f32, [.rows]))
        builder.output("y", try builder.add(Ops.add, [a, a]))
        var graph = try builder.finish()
        graph.types[1] = .tensor(TensorType(.f64, [.rows]))
        let error = #expect(throws: MaxError.self) { try graph.verify() }
        #expect(error?.message == "node 0 'add': result %1 is f64[N], expected f32[N]")
    }

    @Test(arguments: [
        ([Int64(0), -1], [3, 4], [3, 4]), ([-1], [3, 4], [12]), ([2, 6], [3, 4], [2, 6]), ([0, 2, 2], [3, 4], [3, 2, 2]),
    ])
    func reshapeKeepsAndFills(wanted: [Int64], from: [Int], to: [Int]) throws {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.f32, from.map(Dimension.fixed)))
        let y = try builder.add(Ops.reshape, [x, try builder.constant(Tensor(wanted))])
        builder.output("y", y)
        let values = Tensor([Float](repeating: 1, count: 12), shape: from)
        let out = try builder.finish().evaluate([.tensor(values)])
        #expect(out[0].tensor?.shape == to)
        #expect(builder.type(of: y) == .tensor(TensorType(.f32, to.map(Dimension.fixed))))
    }

    @Test func tensorsAreEqualByBits() {
        #expect(Tensor([Float.nan]) == Tensor([Float.nan]))
        #expect(Tensor([Float(0)]) != Tensor([-Float(0)]))
        #expect(Tensor([Float(0)]).contentHash != Tensor([-Float(0)]).contentHash)
    }
}
