import MaxIR

/// Finds nodes with equal subtrees on both sides, and what stands for every node that goes away.
///
/// Subtrees are equal when they agree in every bit of their tests, leaf values, leaf numbers and linear terms. A hash of
/// each is built from the leaves up; two of equal hash are compared, at the cost of the nodes that then go away.
struct EqualSubtrees {
    /// Per node, the node or leaf that stands for it: itself where it stays.
    private(set) var standsFor: [Int32]
    /// Whether something other than itself stands for a node.
    private(set) var found = false

    private let trees: TreeEnsemble
    private var hashes: [UInt64] = []
    private var leafHashes: [UInt64] = []

    /// - Parameter sides: the sides of nodes that rows take; a node with one of them gives way to that side. nil: both of all.
    init(_ trees: TreeEnsemble, _ sides: [ReachableSides.Sides]?, isOblivious: [Bool]) {
        self.trees = trees
        standsFor = Array(0..<Int32(trees.nodeCount))
        // Every test of a path counts in contributions by cover.
        let merges = trees.nodeCover.isEmpty
        let isFixed = merges ? Self.nodes(of: isOblivious, trees) : []
        if merges { hash() }
        for node in (0..<trees.nodeCount).reversed() {
            let (yes, no) = (resolved(trees.trueChild[node]), resolved(trees.falseChild[node]))
            switch sides?[node] ?? .both {
            case .onlyTrue: standsFor[node] = yes
            case .onlyFalse: standsFor[node] = no
            case .both:
                guard merges else { continue }
                if !isFixed[node], hash(of: yes) == hash(of: no), isEqual(yes, no) {
                    standsFor[node] = yes
                    found = true
                } else {
                    hashes[node] = Self.mix(hashes[node], Self.mix(hash(of: yes), hash(of: no)))
                }
            }
            if standsFor[node] >= 0, merges { hashes[node] = hashes[Int(standsFor[node])] }
        }
    }

    /// What stands for a node or leaf.
    func resolved(_ place: Int32) -> Int32 { place >= 0 ? standsFor[Int(place)] : place }

    /// Whether each node belongs to a tree that is left alone.
    private static func nodes(of isChosen: [Bool], _ trees: TreeEnsemble) -> [Bool] {
        var out = [Bool](repeating: false, count: trees.nodeCount)
        for (root, isChosen) in zip(trees.roots, isChosen) where isChosen && root >= 0 { out[Int(root)] = true }
        for node in out.indices where out[node] {
            for child in [trees.trueChild[node], trees.falseChild[node]] where child >= 0 { out[Int(child)] = true }
        }
        return out
    }

    private func hash(of place: Int32) -> UInt64 { place >= 0 ? hashes[Int(place)] : leafHashes[Int(~place)] }

    /// Hashes of leaves, and of the tests of nodes.
    private mutating func hash() {
        let sets = (0..<Int32(trees.setOffsets.count - 1)).map { trees.words($0).reduce(1, Self.mix) }
        hashes = (0..<trees.nodeCount).map { node in
            var out = Self.mix(UInt64(bitPattern: Int64(trees.column[node])), trees.limit(node).bitPattern)
            out = Self.mix(out, UInt64(trees.comparison[node]) << 8 | UInt64(trees.missing[node]))
            return trees.set.isEmpty || trees.set[node] < 0 ? out : Self.mix(out, sets[Int(trees.set[node])])
        }
        leafHashes = (0..<trees.leafCount).map { leaf in
            var out: UInt64 = trees.leafIDs.isEmpty ? 2 : UInt64(bitPattern: Int64(trees.leafIDs[leaf]))
            for k in 0..<trees.leafStride { out = Self.mix(out, trees.leaf(leaf, k).bitPattern) }
            guard let linear = trees.linear else { return out }
            out = Self.mix(out, linear.base[leaf].bitPattern)
            for term in linear.terms(leaf) { out = Self.mix(out, linear.coefficients[term].bitPattern ^ UInt64(linear.columns[term])) }
            return out
        }
    }

    /// Whether two subtrees, as they stand after what was found in them, are equal.
    private func isEqual(_ a: Int32, _ b: Int32) -> Bool {
        var open = [(a, b)]
        while let (a, b) = open.popLast() {
            if a == b { continue }
            guard (a >= 0) == (b >= 0), hash(of: a) == hash(of: b) else { return false }
            guard a >= 0 else {
                guard trees.isSameLeaf(Int(~a), Int(~b)) else { return false }
                continue
            }
            guard trees.isSameTest(Int(a), Int(b)) else { return false }
            open.append((resolved(trees.falseChild[Int(a)]), resolved(trees.falseChild[Int(b)])))
            open.append((resolved(trees.trueChild[Int(a)]), resolved(trees.trueChild[Int(b)])))
        }
        return true
    }

    private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let x = (a ^ (b &+ 0x9e37_79b9_7f4a_7c15 &+ (a << 12))) &* 0xbf58_476d_1ce4_e5b9
        return x ^ (x >> 29)
    }
}

extension TreeEnsemble {
    /// Whether two leaves agree in every bit.
    fileprivate func isSameLeaf(_ a: Int, _ b: Int) -> Bool {
        guard leafIDs.isEmpty || leafIDs[a] == leafIDs[b],
            (0..<leafStride).allSatisfy({ leaf(a, $0).bitPattern == leaf(b, $0).bitPattern })
        else { return false }
        guard let linear else { return true }
        let (x, y) = (linear.terms(a), linear.terms(b))
        return linear.base[a].bitPattern == linear.base[b].bitPattern && linear.columns[x] == linear.columns[y]
            && linear.coefficients[x].map(\.bitPattern) == linear.coefficients[y].map(\.bitPattern)
    }
}
