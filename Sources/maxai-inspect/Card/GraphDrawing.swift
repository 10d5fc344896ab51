import MaxIR

/// A graph as SVG: columns on the left, outputs on the right. Boxes that do the same for the same readers are drawn
/// as one when there are many.
struct GraphDrawing {
    /// Above this, boxes that are alike are drawn as one.
    private static let detailedBoxes = 60
    /// Above this even then, nothing is drawn.
    static let maximumBoxes = 400

    private var boxes: [GraphLayout.Box] = []
    private var edges: [(from: Int, to: Int)] = []

    /// nil when the graph has too many different parts to be looked at.
    static func svg(of graph: Graph) -> String? {
        var drawing = GraphDrawing(graph)
        if drawing.boxes.count > detailedBoxes { drawing.merge() }
        guard drawing.boxes.count <= maximumBoxes else { return nil }
        return drawing.svg()
    }

    private init(_ graph: Graph) {
        var source: [Int: Int] = [:]
        for (index, input) in graph.inputs.enumerated() {
            source[index] = boxes.count
            let names = input.columns.isEmpty ? [input.name] : input.columns
            boxes.append(
                GraphLayout.Box(
                    kind: .column, title: input.name.string, detail: "\(input.type)",
                    hint: names.prefix(64).map(\.string).joined(separator: "\n")))
        }
        for node in graph.nodes where node.op.name != "constant" {
            for result in node.results { source[result.index] = boxes.count }
            let type = node.results.first.map { "\(graph.type(of: $0))" } ?? ""
            let label = node.label.isEmpty ? "" : "\n\(node.label.string)"
            boxes.append(
                GraphLayout.Box(
                    kind: .node, title: node.op.name, detail: type, hint: "\(node.op.name): \(node.op.summary)\n\(type)\(label)"))
            for from in Set(node.operands.compactMap { $0.flatMap { source[$0.index] } }).sorted() {
                edges.append((from, boxes.count - 1))
            }
        }
        for output in graph.outputs {
            let labels = output.labels.prefix(64).map(\.string).joined(separator: "\n")
            boxes.append(
                GraphLayout.Box(
                    kind: .result, title: output.name.string, detail: "\(graph.type(of: output.value))",
                    hint: labels.isEmpty ? output.name.string : labels))
            if let from = source[output.value.index] { edges.append((from, boxes.count - 1)) }
        }
    }

    /// Boxes of one kind with one title (columns: one type) that go to the same boxes become one.
    private mutating func merge() {
        var readers = [Set<Int>](repeating: [], count: boxes.count)
        var groupOf = [Int](repeating: 0, count: boxes.count)
        var groups: [[Int]] = []
        var known: [String: Int] = [:]
        for edge in edges { readers[edge.from].insert(edge.to) }
        for index in boxes.indices.reversed() {
            let box = boxes[index]
            let name = box.kind == .column ? box.detail : box.kind == .node ? box.title : "\(index)"
            let key = "\(box.kind) \(name) \(Set(readers[index].map { groupOf[$0] }).sorted())"
            if let group = known[key] {
                groups[group].append(index)
                groupOf[index] = group
            } else {
                known[key] = groups.count
                groupOf[index] = groups.count
                groups.append([index])
            }
        }
        let order = groups.indices.sorted { (groups[$0].min() ?? 0) < (groups[$1].min() ?? 0) }
        // A merged box stands where its last member stood, so that sources still come before targets.
        let topological = order.sorted { (groups[$0].max() ?? 0) < (groups[$1].max() ?? 0) }
        var position = [Int](repeating: 0, count: groups.count)
        var merged: [GraphLayout.Box] = []
        for group in topological {
            position[group] = merged.count
            let members = groups[group].sorted()
            var box = boxes[members[0]]
            if members.count > 1 {
                box.title = box.kind == .column ? "\(members.count) columns" : "\(members.count) × \(box.title)"
                box.hint = members.prefix(64).map { boxes[$0].hint }.joined(separator: "\n")
            }
            merged.append(box)
        }
        var seen = Set<[Int]>()
        let all = edges.map { [position[groupOf[$0.from]], position[groupOf[$0.to]]] }
        edges = all.filter { seen.insert($0).inserted }.map { ($0[0], $0[1]) }
        boxes = merged
    }

    private func svg() -> String {
        let layout = GraphLayout(boxes, edges: edges)
        var out = HTML()
        let (width, height) = (Int(layout.width), Int(layout.height))
        out.raw(
            numbers: "<svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\" aria-label=\"graph\">\n")
        for line in layout.lines { path(line, layout, &out) }
        for box in layout.boxes where box.kind != .bend { draw(box, &out) }
        out.raw("</svg>\n")
        return out.text
    }

    private func path(_ line: [Int], _ layout: GraphLayout, _ out: inout HTML) {
        let half = GraphLayout.boxWidth / 2
        var points = line.map { (layout.boxes[$0].x, layout.boxes[$0].y) }
        guard points.count > 1 else { return }
        points[0].0 += half
        points[points.count - 1].0 -= half
        var d = "M\(Int(points[0].0)) \(Int(points[0].1))"
        for (a, b) in zip(points, points.dropFirst()) {
            let middle = Int((a.0 + b.0) / 2)
            d += " C\(middle) \(Int(a.1)) \(middle) \(Int(b.1)) \(Int(b.0)) \(Int(b.1))"
        }
        out.raw(numbers: "<path d=\"\(d)\"/>\n")
    }

    private func draw(_ box: GraphLayout.Box, _ out: inout HTML) {
        let (w, h) = (GraphLayout.boxWidth, GraphLayout.boxHeight)
        let radius = box.kind == .node ? 4 : 20
        out.raw(numbers: "<g class=\"\(box.kind)\" transform=\"translate(\(Int(box.x - w / 2)) \(Int(box.y - h / 2)))\"><title>")
        out.escaped(box.hint)
        out.raw(numbers: "</title><rect width=\"\(Int(w))\" height=\"\(Int(h))\" rx=\"\(radius)\"/>")
        out.raw(numbers: "<text x=\"\(Int(w / 2))\" y=\"17\">")
        out.escaped(short(box.title, 22))
        out.raw(numbers: "</text><text class=\"detail\" x=\"\(Int(w / 2))\" y=\"32\">")
        out.escaped(short(box.detail, 26))
        out.raw("</text></g>\n")
    }

    private func short(_ text: String, _ limit: Int) -> String { text.count <= limit ? text : text.prefix(limit - 1) + "…" }
}
