import MaxFormats
import MaxIR
import MaxRuntime

/// What a model takes on every family of kernels that this processor runs and, where it has trees, on every tree kernel that
/// holds them.
struct Alternatives {
    struct Alternative {
        /// The families that run exactly these kernels.
        var families: [KernelChoice]
        let plan: Plan
        let times: CallTimes
        /// Whether the loaded model runs on it.
        let isChosen: Bool

        /// The tree kernels of its ensembles, each once.
        var trees: [String] { TreeKernel.allCases.filter { kernel in plan.ensembles.contains { $0.kernel == kernel } }.map(\.rawValue) }
        /// nil without trees.
        var batchRowAndTree: Double? {
            let count = plan.ensembles.reduce(0) { $0 + $1.treeCount }
            return count > 0 ? times.batchRow / Double(count) : nil
        }
    }

    private(set) var all: [Alternative] = []
    private static let seconds = 0.075

    /// Plans that come out equal are timed once; a tree kernel that none of the ensembles really runs on is left out. Each
    /// replays the golden rows first. A model on the reference evaluator runs on it everywhere.
    ///
    /// - Parameter times: those of the model as it is.
    init(_ model: Model, _ times: CallTimes, _ golden: GoldenRows, _ rows: GoldenColumns) throws(MaxError) {
        guard model.plan.isPlanned else {
            all = [Alternative(families: KernelChoice.available, plan: model.plan, times: times, isChosen: true)]
            return
        }
        let graph = try model.graph
        let kernels: [TreeKernel?] = model.plan.ensembles.isEmpty ? [nil] : TreeKernel.allCases
        for family in KernelChoice.available {
            for kernel in kernels {
                let planned = try Self.model(graph, model.info, family, kernel)
                if let kernel, !planned.plan.ensembles.contains(where: { $0.kernel == kernel }) { continue }
                try add(planned, family, golden, rows, chosen: model.plan.summary)
            }
        }
        // One that no single wish leads to: several ensembles, each on its own best kernel.
        if !all.contains(where: \.isChosen) { try add(model, .current, golden, rows, chosen: model.plan.summary) }
    }

    private mutating func add(
        _ model: Model, _ family: KernelChoice, _ golden: GoldenRows, _ rows: GoldenColumns, chosen: String
    ) throws(MaxError) {
        if let known = all.firstIndex(where: { $0.plan.summary == model.plan.summary }) {
            if !all[known].families.contains(family) { all[known].families.append(family) }
            return
        }
        try model.replay(golden)
        let times = try CallTimes(model, rows, seconds: Self.seconds)
        all.append(Alternative(families: [family], plan: model.plan, times: times, isChosen: model.plan.summary == chosen))
    }

    private static func model(
        _ graph: Graph, _ info: ModelInfo, _ family: KernelChoice, _ kernel: TreeKernel?
    ) throws(MaxError) -> Model {
        let made = KernelChoice.$forced.withValue(family) {
            TreeKernel.$forced.withValue(kernel) { Result { () throws(MaxError) in try Model(graph: graph, info: info) } }
        }
        return try made.get()
    }

    func show() {
        let rows = [["", "family", "tree kernel", "one row", "batch, per row", "per row and tree"]] + all.map(cells)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            // Words to the left, numbers to the right.
            let line = zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < 3 ? cell.0 + space : space + cell.0
            }
            print("  \(line.joined(separator: "  "))")
        }
    }

    private func cells(_ a: Alternative) -> [String] {
        let isAny = a.families == KernelChoice.available && a.families.count > 1
        return [
            a.isChosen ? "*" : "", isAny ? "any" : a.families.map(\.rawValue).joined(separator: ", "),
            a.trees.isEmpty ? "-" : a.trees.joined(separator: ", "), "\(hundredths(a.times.oneRow.median)) us",
            "\(hundredths(a.times.batchRow)) ns", a.batchRowAndTree.map { "\(hundredths($0)) ns" } ?? "-",
        ]
    }

    func write(to json: inout JSONWriter) {
        json.member(
            "alternatives",
            array: { out in
                for a in all {
                    out.object {
                        $0.member("families", array: { for family in a.families { $0.value(family.rawValue) } })
                        $0.member("treeKernels", array: { for name in a.trees { $0.value(name) } })
                        $0.member("kernels", a.plan.summary)
                        $0.member("isChosen", a.isChosen)
                        $0.member("oneRowMedianMicroseconds", a.times.oneRow.median)
                        $0.member("batchNanosecondsPerRow", a.times.batchRow)
                        if let each = a.batchRowAndTree { $0.member("batchNanosecondsPerRowAndTree", each) }
                    }
                }
            })
    }
}

/// With two digits behind the point.
func hundredths(_ x: Double) -> String {
    let hundredths = Int((x * 100).rounded())
    let rest = "\(hundredths % 100)"
    return "\(hundredths / 100).\(rest.utf8.count < 2 ? "0" : "")\(rest)"
}
