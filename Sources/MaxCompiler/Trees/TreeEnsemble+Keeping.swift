import MaxIR

extension TreeEnsemble {
    /// Without the nodes that others stand for, and without what no root leads to any more. What stays keeps its order.
    func keeping(_ standsFor: [Int32]) -> TreeEnsemble {
        func resolved(_ place: Int32) -> Int32 { place >= 0 ? standsFor[Int(place)] : place }
        var isKept = [Bool](repeating: false, count: nodeCount)
        var isKeptLeaf = [Bool](repeating: false, count: leafCount)
        func mark(_ place: Int32) { if place >= 0 { isKept[Int(place)] = true } else { isKeptLeaf[Int(~place)] = true } }
        for root in roots { mark(resolved(root)) }
        for node in 0..<nodeCount where isKept[node] {
            mark(resolved(trueChild[node]))
            mark(resolved(falseChild[node]))
        }
        let (nodes, leaves) = (isKept.indices.filter { isKept[$0] }, isKeptLeaf.indices.filter { isKeptLeaf[$0] })
        let (newNode, newLeaf) = (Self.positions(nodes, of: nodeCount), Self.positions(leaves, of: leafCount))
        func moved(_ place: Int32) -> Int32 {
            let place = resolved(place)
            return place >= 0 ? newNode[Int(place)] : ~newLeaf[Int(~place)]
        }
        var out = self
        out.column = nodes.map { column[$0] }
        out.comparison = nodes.map { comparison[$0] }
        out.threshold = threshold.picking(nodes)
        out.missing = nodes.map { missing[$0] }
        out.trueChild = nodes.map { moved(trueChild[$0]) }
        out.falseChild = nodes.map { moved(falseChild[$0]) }
        out.roots = roots.map(moved)
        if !nodeCover.isEmpty { out.nodeCover = nodes.map { nodeCover[$0] } }
        if !set.isEmpty { out.keepSets(nodes.map { set[$0] }) }
        out.keepLeaves(leaves)
        return out
    }

    private static func positions(_ kept: [Int], of count: Int) -> [Int32] {
        var out = [Int32](repeating: 0, count: count)
        for (new, old) in kept.enumerated() { out[old] = Int32(truncatingIfNeeded: new) }
        return out
    }

    private mutating func keepLeaves(_ leaves: [Int]) {
        leafValues =
            leafStride == 1
            ? leafValues.picking(leaves)
            : leafValues.picking(leaves.flatMap { $0 * leafStride..<($0 + 1) * leafStride })
        if !leafIDs.isEmpty { leafIDs = leaves.map { leafIDs[$0] } }
        if !leafCover.isEmpty { leafCover = leaves.map { leafCover[$0] } }
        guard let old = linear else { return }
        var out = LinearLeaves()
        for leaf in leaves {
            out.columns += old.columns[old.terms(leaf)]
            out.coefficients += old.coefficients[old.terms(leaf)]
            out.base.append(old.base[leaf])
            out.offsets.append(Int64(out.columns.count))
        }
        linear = out
    }

    /// Sets that nodes still have, in their order.
    private mutating func keepSets(_ given: [Int32]) {
        let kept = Set(given.filter { $0 >= 0 }).sorted()
        var (offsets, all): ([Int64], [UInt64]) = ([0], [])
        var new: [Int32: Int32] = [-1: -1]
        for (position, set) in kept.enumerated() {
            all += words(set)
            offsets.append(Int64(all.count))
            new[set] = Int32(truncatingIfNeeded: position)
        }
        set = kept.isEmpty ? [] : given.map { new[$0] ?? -1 }
        (setOffsets, setWords) = (offsets, all)
    }
}
