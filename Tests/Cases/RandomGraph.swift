import MaxIR

/// A small, seeded generator, so that a failure can be repeated.
public struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    public mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}

/// A graph of one node of `op` on random operands and attributes; nil when they do not fit together.
public func randomGraph(_ op: Operator, _ random: inout SplitMix) -> Graph? {
    let element = ElementType.allCases.randomElement(using: &random) ?? .f32
    var builder = GraphBuilder(name: Text(op.name))
    var shapes: [[Dimension]] = []
    let shared = random.below(3) > 0
    var count = op.operands.count
    if op.operands.last?.isVariadic == true { count += random.below(3) }
    while count > 1, count <= op.operands.count, op.operands[count - 1].isOptional, random.below(2) == 0 { count -= 1 }
    let pool: [[Dimension]] = [[.rows, .fixed(2)], [.fixed(2), .fixed(2)], [.rows], [.fixed(2)], [.rows, .fixed(1)]]
    let first = pool[random.below(pool.count)]
    for _ in 0..<count { shapes.append(shared ? first : pool[random.below(pool.count)]) }
    do {
        var plans: [(isConstant: Bool, type: ElementType)?] = []
        var inputs: [ValueID?] = []
        for index in 0..<count {
            let spec = op.operands[min(index, op.operands.count - 1)]
            if spec.isOptional, random.below(3) == 0 {
                plans.append(nil)
                inputs.append(nil)
                continue
            }
            let types = spec.types ?? .all
            let type = types.contains(element) ? element : types.sorted { $0.code < $1.code }[random.below(types.count)]
            let isConstant = index > 0 && types.isSubset(of: [.i64, .i32])
            plans.append((isConstant, type))
            inputs.append(isConstant ? nil : try builder.input(Text("in \(index)"), TensorType(type, shapes[index])))
        }
        var operands: [ValueID?] = []
        for (index, plan) in plans.enumerated() {
            guard let plan, plan.isConstant else {
                operands.append(inputs[index])
                continue
            }
            operands.append(
                try builder.constant(
                    plan.type == .i64 ? Tensor([Int64(random.below(2))]) : Tensor([Int32(random.below(2))])))
        }
        var attributes: [String: Attribute] = [:]
        for spec in op.attributes where spec.isRequired || random.below(2) == 0 {
            attributes[spec.name] = randomAttribute(spec, &random)
        }
        let results = if case .exactly(let n) = op.results { n } else { 1 + random.below(2) }
        let ids = try builder.node(op, operands, attributes, results: results, label: random.below(2) == 0 ? "" : "l \u{1}")
        for (index, id) in ids.enumerated() where random.below(4) > 0 { builder.output(Text("out\(index)"), id) }
        return try builder.finish()
    } catch {
        return nil
    }
}

private func randomAttribute(_ spec: AttributeSpec, _ random: inout SplitMix) -> Attribute {
    let float = Double(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
    let texts: [Text] = ["", "a", "\"", "é"]
    switch spec.kind {
    case .int: return .int(Int64(random.below(3)) - 1)
    case .float: return .float(float)
    case .string: return .string(texts[random.below(4)])
    case .ints: return .ints((0..<random.below(3)).map { Int64($0) })
    case .floats: return .floats((0..<random.below(3)).map { float + Double($0) })
    case .strings: return .strings((0..<random.below(3)).map { texts[$0] })
    case .type: return .type(ElementType.allCases[random.below(ElementType.allCases.count)])
    case .tensor: return .tensor(random.below(2) == 0 ? Tensor([Float(float)]) : Tensor([Int64(3), 4]))
    }
}
