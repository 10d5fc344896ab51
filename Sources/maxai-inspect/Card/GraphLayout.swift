import MaxIR

/// Where the boxes and lines of a drawn graph stand: layers from left to right, every line going forward.
///
/// The method is that of Sugiyama, Tagawa and Toda (1981): longest-path layers, a point on every layer that a line
/// crosses, and sweeps that order each layer by the mean place of its neighbours.
struct GraphLayout {
    struct Box {
        enum Kind { case column, node, result, bend }
        var kind: Kind
        var title: String
        var detail: String
        /// Everything that the box stands for, one per line.
        var hint: String
        var layer = 0
        /// Center, in pixels.
        var x = 0.0
        var y = 0.0
    }

    static let boxWidth = 168.0
    static let boxHeight = 40.0
    private static let layerWidth = 232.0
    private static let rowHeight = 54.0
    private static let bendHeight = 18.0
    private static let sweeps = 12

    private(set) var boxes: [Box]
    /// Each line as the boxes and bends it goes through.
    private(set) var lines: [[Int]] = []
    private(set) var width = 0.0
    private(set) var height = 0.0

    /// - Parameter edges: from and to, as positions in `boxes`; sources come before targets.
    init(_ boxes: [Box], edges: [(from: Int, to: Int)]) {
        self.boxes = boxes
        assignLayers(edges)
        bend(edges)
        order()
    }

    private mutating func assignLayers(_ edges: [(from: Int, to: Int)]) {
        for edge in edges.sorted(by: { ($0.to, $0.from) < ($1.to, $1.from) }) {
            boxes[edge.to].layer = max(boxes[edge.to].layer, boxes[edge.from].layer + 1)
        }
        // A box without sources moves to its first reader.
        var isTarget = [Bool](repeating: false, count: boxes.count)
        var firstReader = [Int?](repeating: nil, count: boxes.count)
        for edge in edges {
            isTarget[edge.to] = true
            firstReader[edge.from] = min(firstReader[edge.from] ?? .max, boxes[edge.to].layer)
        }
        for (index, reader) in firstReader.enumerated() where !isTarget[index] { boxes[index].layer = max(0, (reader ?? 1) - 1) }
        let last = boxes.map(\.layer).max() ?? 0
        for index in boxes.indices where boxes[index].kind == .result { boxes[index].layer = last }
    }

    private mutating func bend(_ edges: [(from: Int, to: Int)]) {
        for edge in edges {
            var line = [edge.from]
            for layer in boxes[edge.from].layer + 1..<max(boxes[edge.to].layer, boxes[edge.from].layer + 1) {
                boxes.append(Box(kind: .bend, title: "", detail: "", hint: "", layer: layer))
                line.append(boxes.count - 1)
            }
            lines.append(line + [edge.to])
        }
    }

    private mutating func order() {
        var layers = [[Int]](repeating: [], count: (boxes.map(\.layer).max() ?? 0) + 1)
        for index in boxes.indices { layers[boxes[index].layer].append(index) }
        var before = [[Int]](repeating: [], count: boxes.count)
        var after = before
        for line in lines {
            for (from, to) in zip(line, line.dropFirst()) {
                after[from].append(to)
                before[to].append(from)
            }
        }
        place(layers)
        for sweep in 0..<Self.sweeps {
            let forward = sweep % 2 == 0
            for layer in forward ? Array(layers.indices) : layers.indices.reversed() {
                let neighbours = forward ? before : after
                let wanted = layers[layer].map { index -> Double in
                    let places = neighbours[index].map { boxes[$0].y }
                    return places.isEmpty ? boxes[index].y : places.reduce(0, +) / Double(places.count)
                }
                let sorted = layers[layer].indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
                layers[layer] = sorted.map { layers[layer][$0] }
                place(layers)
            }
        }
        width = Double(layers.count) * Self.layerWidth
        height = (boxes.map(\.y).max() ?? 0) + Self.rowHeight
    }

    /// Stacks every layer, all of them centered on one line.
    private mutating func place(_ layers: [[Int]]) {
        let heights = layers.map { $0.reduce(0) { $0 + step($1) } }
        let tallest = heights.max() ?? 0
        for (layer, members) in layers.enumerated() {
            var y = (tallest - heights[layer]) / 2 + 8
            for index in members {
                boxes[index].x = (Double(layer) + 0.5) * Self.layerWidth
                boxes[index].y = y + step(index) / 2
                y += step(index)
            }
        }
    }

    private func step(_ index: Int) -> Double { boxes[index].kind == .bend ? Self.bendHeight : Self.rowHeight }
}
