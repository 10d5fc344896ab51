import MaxIR
import MaxLearning
import MaxSettings
import MaxTabular

extension FeaturePlan {
    /// Learns what the steps need from `rows` of a table (all if nil) and writes them as a graph.
    ///
    /// - Parameters:
    ///   - target: one per row of the table, or per row that counts; the number of the class where `classes` is 2 or more.
    ///   - seed: for the folds of target encoding.
    /// - Throws: `.usage` for unknown featurizers and settings and for steps that do not fit; `.malformed` for columns that are not there.
    public func fit(
        _ table: Table, rows mask: [Bool]? = nil, target: [Double]? = nil, classes: Int = 1, seed: UInt64 = 1, threads: Int = 1,
        progress: (Double, String) -> Void = { _, _ in }
    ) throws(MaxError) -> FittedFeatures {
        let rows = try RowSelection(mask, of: table)
        guard rows.count > 0 else { throw MaxError(.malformed, "features: no rows to learn from") }
        let steps = try checkedSteps()
        var inputs: [Int] = []
        for plan in columns {
            guard !plan.columns.isEmpty else { throw MaxError(.usage, "features: a list of columns is empty") }
            for name in plan.columns {
                guard let index = table.index(of: name) else {
                    throw MaxError(.malformed, "features: the table has no column \(name.quoted)")
                }
                if !inputs.contains(index) { inputs.append(index) }
            }
        }
        guard !inputs.isEmpty else { throw MaxError(.usage, "features: no columns, expected at least one") }
        inputs.sort()
        let element: ElementType = Self.isSingle(inputs.map { table.columns[$0].element }) ? .f32 : .f64

        var builder = GraphBuilder(name: "features")
        var flows: [Int: FeatureFlow] = [:]
        var counted: [(ValueID, Categories)] = []
        for index in inputs {
            let name = table.columns[index].name
            let value: ValueID
            switch table.columns[index].element {
            case .string:
                let categories = Self.count(table, index, rows)
                let missing = Self.absent(from: categories)
                value = try builder.input(name, TensorType(.string, [.rows]), missing: .value(.string(missing)))
                counted.append((value, categories))
                flows[index] = FeatureFlow(value: value, kind: .texts, columns: [.init(name)], sources: [[name]], missing: missing)
            case .timestamp:
                value = try builder.input(name, TensorType(.timestamp, [.rows]), missing: .value(.int(.min)))
                flows[index] = FeatureFlow(value: value, kind: .times, columns: [.init(name)], sources: [[name]])
            default:
                value = try builder.input(name, TensorType(element, [.rows]), missing: .nan)
                flows[index] = FeatureFlow(value: value, kind: .numbers, columns: [.init(name)], sources: [[name]])
            }
        }
        let fit = FeatureFit(
            builder, element, table, rows, target: try target.map { values throws(MaxError) in try rows.picking(values, "target") },
            classes: classes, seed: seed, threads: threads)
        for (value, categories) in counted { fit.give(value, categories: categories) }
        var lanes: [[FeatureFlow]] = []
        for plan in columns {
            var numbers: [FeatureFlow] = []
            var others: [FeatureFlow] = []
            for name in plan.columns {
                guard let index = table.index(of: name), var flow = flows[index] else { continue }
                if flow.kind == .numbers {
                    flow.value = try fit.column(flow.value)
                    numbers.append(flow)
                } else {
                    others.append(flow)
                }
            }
            lanes.append((numbers.isEmpty ? [] : [try fit.joined(numbers)]) + others)
        }
        return try Self.run(steps, columns, lanes, fit, progress)
    }

    private static func run(
        _ steps: [[(Featurizer, Settings)]], _ plans: [ColumnPlan], _ lanes: [[FeatureFlow]], _ fit: FeatureFit,
        _ progress: (Double, String) -> Void
    ) throws(MaxError) -> FittedFeatures {
        var lanes = lanes
        let depth = steps.map(\.count).max() ?? 0
        for level in 0..<depth {
            progress(Double(level) / Double(depth + 1), "features: step \(level + 1) of \(depth)")
            for index in steps.indices where level < steps[index].count && steps[index][level].0.isJoint && lanes[index].count > 1 {
                guard lanes[index].allSatisfy({ $0.kind == .numbers }) else { continue }
                lanes[index] = [try fit.joined(lanes[index])]
            }
            fit.keep(Array(lanes.joined()))
            try fit.compute(
                steps.indices.flatMap { index in
                    level < steps[index].count && steps[index][level].0.learns ? lanes[index].filter { $0.kind == .numbers } : []
                })
            for index in steps.indices where level < steps[index].count {
                let (featurizer, settings) = steps[index][level]
                lanes[index] = try lanes[index].map { flow throws(MaxError) in
                    guard featurizer.takes.contains(flow.kind) else {
                        let kinds = featurizer.takes.map(\.rawValue).sorted().joined(separator: ", ")
                        throw MaxError(
                            .usage,
                            "\(featurizer.name): column \(flow.columns[0].name.quoted): found \(flow.kind.rawValue), expected \(kinds)")
                    }
                    return try featurizer.apply(fit, flow, settings)
                }
                lanes[index] = lanes[index].filter { $0.width > 0 }
            }
        }
        for flow in lanes.joined() where flow.kind != .numbers {
            throw MaxError(
                .usage,
                "column \(flow.columns[0].name.quoted): the steps give \(flow.kind.rawValue), expected numbers: add one such as "
                    + (flow.kind == .texts ? "category or one_hot" : "date_parts"))
        }
        let parts = lanes.joined().filter { $0.width > 0 }
        guard !parts.isEmpty else { throw MaxError(.malformed, "features: no column is left after all steps") }
        let all = try fit.joined(Array(parts))
        var held: [FittedFeatures.Held] = []
        var first = 0
        for part in parts {
            for entry in fit.held where entry.value == part.value { held.append(.init(column: first + entry.column, values: entry.values)) }
            first += part.width
        }
        progress(1, "features: \(all.width) columns")
        return FittedFeatures(
            builder: fit.builder, matrix: all.value, columns: all.columns, sources: all.sources, element: fit.element, held: held,
            fittedRows: fit.rows.count)
    }

    private func checkedSteps() throws(MaxError) -> [[(Featurizer, Settings)]] {
        var all: [[(Featurizer, Settings)]] = []
        for plan in columns {
            var steps: [(Featurizer, Settings)] = []
            for (index, step) in plan.steps.enumerated() {
                guard let featurizer = Featurizers.named(step.name) else {
                    let known = Featurizers.all.map(\.name).joined(separator: ", ")
                    throw MaxError(.usage, "\(step.name): no such featurizer: expected one of \(known)")
                }
                guard !featurizer.usesTarget || index == plan.steps.count - 1 else {
                    throw MaxError(.usage, "\(step.name): found steps after it, expected it to be the last")
                }
                do throws(MaxError) {
                    steps.append((featurizer, try Settings(step.settings, for: featurizer.settings)))
                } catch {
                    throw error.inside(step.name)
                }
            }
            all.append(steps)
        }
        return all
    }

    private static func isSingle(_ elements: [ElementType?]) -> Bool {
        let numbers = elements.filter { $0 != .string && $0 != .timestamp && $0 != .bool }
        return !numbers.isEmpty && numbers.allSatisfy { $0 == .f32 }
    }

    static func count(_ table: Table, _ index: Int, _ rows: RowSelection) -> Categories {
        var codes = TextCodes(rows: rows.count)
        for batch in table.batches.indices {
            let column = table.batches[batch].columns[index]
            guard let offsets = column.offsets else { continue }
            let base = column.values.assumingMemoryBound(to: UInt8.self)
            for row in 0..<table.batches[batch].rows where rows.has(table.starts[batch] + row) {
                guard column.isValid(row) else {
                    codes.appendMissing()
                    continue
                }
                let range =
                    switch offsets {
                    case .narrow(let p): Int(p[row])..<Int(p[row + 1])
                    case .wide(let p): Int(p[row])..<Int(p[row + 1])
                    }
                codes.append(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
            }
        }
        return Categories(codes)
    }

    /// A text that is no category.
    private static func absent(from categories: Categories) -> Text {
        guard case .texts(let texts) = categories.keys else { return "<missing>" }
        let known = Set(texts)
        var candidate: Text = "<missing>"
        var number = 1
        while known.contains(candidate) {
            candidate = Text("<missing \(number)>")
            number += 1
        }
        return candidate
    }
}
