import MaxIR
import Testing

/// One operator on one operand, by the reference evaluator.
enum Featurizing {
    static func result(_ op: Operator, _ attributes: [String: Attribute], _ x: [Double]) throws -> [Double] {
        let y = try tensor(op, attributes, Tensor(x))
        return try #require(y.values())
    }

    static func tensor(_ op: Operator, _ attributes: [String: Attribute], _ x: Tensor) throws -> Tensor {
        var builder = GraphBuilder(name: "test")
        let input = try builder.input("x", x.type)
        builder.output("y", try builder.add(op, [input], attributes))
        return try #require(try builder.finish().evaluate([.tensor(x)])[0].tensor)
    }
}
