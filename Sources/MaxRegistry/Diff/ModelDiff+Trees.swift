import MaxIR
import MaxRuntime

extension ModelDiff {
    /// Ensembles that differ: their sizes, and how many trees are the same in both.
    static func trees(_ pairs: NodePairs) throws(MaxError) -> Part {
        var part = Part("trees")
        guard let family = pairs.families.first(where: { $0.name == Ops.trees.name }) else { return part }
        for pair in family.changed {
            let (old, new) = (try Forest(pair.before), try Forest(pair.after))
            var known: [[UInt8]: Int] = [:]
            for tree in new.digests { known[tree, default: 0] += 1 }
            var equal = 0
            for tree in old.digests {
                guard let count = known[tree], count > 0 else { continue }
                known[tree] = count - 1
                equal += 1
            }
            let (lost, gained) = (old.digests.count - equal, new.digests.count - equal)
            let changed = min(lost, gained)
            part.changes.append(
                Change(
                    kind: .changed, subject: pair.subject, before: old.said, after: new.said,
                    measures: [
                        Measure(name: "equal", value: Double(equal)), Measure(name: "changed", value: Double(changed)),
                        Measure(name: "added", value: Double(gained - changed)), Measure(name: "removed", value: Double(lost - changed)),
                    ]))
            if lost == 0, gained == 0 {
                for name in pair.attributeNames where pair.before.attributes[name] != pair.after.attributes[name] {
                    part.compare("\(pair.subject).\(name)", "as it was", "another")
                }
            }
        }
        for node in family.removed { part.compare("trees\(named(node))", try Forest(node).said, nil) }
        for node in family.added { part.compare("trees\(named(node))", nil, try Forest(node).said) }
        return part
    }

    private static func named(_ node: Node) -> String { node.label.isEmpty ? "" : " \(node.label.quoted)" }
}

/// An ensemble with a digest of every tree: what the tree answers, whatever the numbering of its nodes and leaves.
private struct Forest {
    /// One per tree.
    var digests: [[UInt8]] = []
    var depth = 0
    let nodes: Int
    let leaves: Int

    var said: String { "\(digests.count) trees, \(nodes) nodes, depth \(depth), \(leaves) leaves" }

    init(_ node: Node) throws(MaxError) {
        let trees = try TreeEnsemble(Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1))
        (nodes, leaves) = (trees.nodeCount, trees.leafCount)
        // Sets and leaves may be used by many nodes: each is looked at once.
        let sets = Self.sets(of: trees)
        let values = Self.leaves(of: trees)
        for tree in trees.roots.indices {
            let digest = SHA256()
            digest.update(little(UInt64(truncatingIfNeeded: trees.treeOutput[tree])))
            var pending: [(target: Int32, depth: Int)] = [(trees.roots[tree], 0)]
            while let (target, level) = pending.popLast() {
                guard target >= 0 else {
                    depth = max(depth, level)
                    digest.update([1] + values[Int(~target)])
                    continue
                }
                let node = Int(target)
                digest.update([0, trees.comparison[node], trees.missing[node]])
                digest.update(little(UInt64(truncatingIfNeeded: trees.column[node])))
                digest.update(trees.threshold.bits(node))
                if let set = trees.set.isEmpty ? nil : trees.set[node], set >= 0 { digest.update(sets[Int(set)]) }
                pending.append((trees.falseChild[node], level + 1))
                pending.append((trees.trueChild[node], level + 1))
            }
            digests.append(digest.finish())
        }
    }

    private static func sets(of trees: TreeEnsemble) -> [[UInt8]] {
        zip(trees.setOffsets, trees.setOffsets.dropFirst()).map { start, end in
            let digest = SHA256()
            var words = trees.setWords[Int(start)..<Int(end)]
            while words.last == 0 { words.removeLast() }
            for word in words { digest.update(little(word)) }
            return digest.finish()
        }
    }

    private static func leaves(of trees: TreeEnsemble) -> [[UInt8]] {
        (0..<trees.leafCount).map { leaf in
            let digest = SHA256()
            for value in leaf * trees.leafStride..<(leaf + 1) * trees.leafStride { digest.update(trees.leafValues.bits(value)) }
            if let linear = trees.linear {
                digest.update(little(linear.base[leaf].bitPattern))
                for term in linear.terms(leaf) {
                    digest.update(little(UInt64(truncatingIfNeeded: linear.columns[term])))
                    digest.update(little(linear.coefficients[term].bitPattern))
                }
            }
            return digest.finish()
        }
    }
}

private func little(_ word: UInt64) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }

extension TensorStorage {
    /// The bits of a float at a position, as eight bytes.
    fileprivate func bits(_ position: Int) -> [UInt8] {
        switch self {
        case .f64(let a): little(a[position].bitPattern)
        case .f32(let a): little(UInt64(a[position].bitPattern))
        default: []
        }
    }
}
