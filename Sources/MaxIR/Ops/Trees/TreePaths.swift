/// The paths from the roots of an ensemble to its leaves, as path-dependent contributions need them.
///
/// Paths stand tree by tree, the true side first. The tests of a path that look at the same column make one *slot*:
/// what the model is told of that column there is whether all of them hold.
package struct TreePaths: Sendable {
    /// Most columns of one path.
    package static let maximumSlots = 64
    /// Most steps of all paths.
    package static let maximumSteps = 1 << 26

    /// Per path: its tree and its leaf.
    package private(set) var tree: [Int32] = []
    package private(set) var leaf: [Int32] = []
    /// Per path: how many nodes it has in common with the path before, from the root on.
    package private(set) var shared: [Int32] = []
    /// Steps of path `p`: `stepStart[p] ..< stepStart[p + 1]`. A step is a node, the side taken, and the slot of its column.
    package private(set) var stepStart: [Int32] = [0]
    package private(set) var stepNode: [Int32] = []
    package private(set) var stepGoesTrue: [UInt8] = []
    package private(set) var stepSlot: [UInt8] = []
    /// Slots of path `p`: `slotStart[p] ..< slotStart[p + 1]`: a column, and the part of the training data that took the
    /// path's side at its tests (the product of cover ratios).
    package private(set) var slotStart: [Int32] = [0]
    package private(set) var slotColumn: [Int32] = []
    package private(set) var slotZero: [Double] = []

    package var count: Int { leaf.count }
    /// Steps of the longest path.
    package var depth: Int { (0..<count).reduce(0) { max($0, Int(stepStart[$1 + 1] - stepStart[$1])) } }

    /// The bits of all slots of a path.
    package static func all(slots: Int) -> UInt64 { slots == 64 ? .max : 1 << UInt64(slots) - 1 }

    /// - Parameter needsCover: whether `slotZero` is wanted; it is 1 where there is no cover.
    /// - Throws: `.unsupported` where the ensemble has no cover that is needed, has linear leaves or is no sum; `.limitExceeded` for a path of too many
    ///   columns, or too many steps in all.
    package init(_ e: TreeEnsemble, needsCover: Bool = true) throws(MaxError) {
        guard e.aggregate == .sum || e.aggregate == .average else {
            throw MaxError(.unsupported, "contributions: found aggregate \(e.aggregate.rawValue), expected sum or average")
        }
        guard e.linear == nil else {
            throw MaxError(.unsupported, "contributions: found linear leaves, whose scores are no sum of leaf values")
        }
        let hasCover = e.leafCover.count == e.leafCount && e.nodeCover.count == e.nodeCount
        guard hasCover || !needsCover else {
            throw MaxError(.unsupported, "contributions: the trees do not say how much training data passed their nodes (cover)")
        }
        var path: [(node: Int32, goesTrue: Bool)] = []
        var before: [Int32] = []
        for (tree, root) in e.roots.enumerated() {
            var open: [(place: Int32, parent: Int32, goesTrue: Bool, depth: Int)] = [(root, -1, true, 0)]
            before = []
            path = []
            while let (place, parent, goesTrue, depth) = open.popLast() {
                path.removeLast(path.count - max(depth - 1, 0))
                if parent >= 0 { path.append((parent, goesTrue)) }
                guard place < 0 else {
                    open.append((e.falseChild[Int(place)], place, false, depth + 1))
                    open.append((e.trueChild[Int(place)], place, true, depth + 1))
                    continue
                }
                self.tree.append(Int32(tree))
                leaf.append(~place)
                try append(path, to: ~place, e, hasCover: hasCover)
                let nodes = path.map(\.node)
                shared.append(Int32(zip(nodes, before).prefix { $0 == $1 }.count))
                before = nodes
            }
        }
    }

    private mutating func append(_ path: [(node: Int32, goesTrue: Bool)], to leaf: Int32, _ e: TreeEnsemble, hasCover: Bool)
        throws(MaxError)
    {
        let firstSlot = slotColumn.count
        guard stepNode.count + path.count <= Self.maximumSteps else {
            throw MaxError(.limitExceeded, "contributions: more than \(Self.maximumSteps) steps to all leaves")
        }
        for (index, step) in path.enumerated() {
            let node = Int(step.node)
            var ratio = 1.0
            if hasCover {
                let child = index + 1 < path.count ? e.nodeCover[Int(path[index + 1].node)] : e.leafCover[Int(leaf)]
                ratio = e.nodeCover[node] > 0 ? child / e.nodeCover[node] : 0.5
            }
            var slot = firstSlot
            while slot < slotColumn.count, slotColumn[slot] != e.column[node] { slot += 1 }
            if slot == slotColumn.count {
                guard slot - firstSlot < Self.maximumSlots else {
                    throw MaxError(.limitExceeded, "contributions: a path tests more than \(Self.maximumSlots) columns")
                }
                slotColumn.append(e.column[node])
                slotZero.append(1)
            }
            slotZero[slot] *= ratio
            stepNode.append(step.node)
            stepGoesTrue.append(step.goesTrue ? 1 : 0)
            stepSlot.append(UInt8(slot - firstSlot))
        }
        stepStart.append(Int32(stepNode.count))
        slotStart.append(Int32(slotColumn.count))
    }
}
