import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

/// The eight inputs that implementations of RFC 6962 are compared with.
let standardLeaves: [[UInt8]] = [
    [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], Array(0x40...0x43), Array(0x50...0x57), Array(0x60...0x6f),
]

@Suite struct LogTreeTests {
    static let count = 70
    let data = (0..<Self.count).map(LogFixture.entry)
    /// The complete subtrees of the tree of all entries.
    let subtrees: [Subtree: TreeHash]

    init() {
        var range = CompactRange()
        var subtrees: [Subtree: TreeHash] = [:]
        for entry in data { range.append(.leaf(entry)) { subtrees[$0] = $1 } }
        self.subtrees = subtrees
    }

    private func node(_ subtree: Subtree) throws(MaxError) -> TreeHash {
        guard let hash = subtrees[subtree] else { throw MaxError(.internal, "no subtree \(subtree)") }
        return hash
    }

    @Test(arguments: [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ])
    func theStandardLeavesHaveTheirRoots(count: Int, root: String) {
        var range = CompactRange()
        for leaf in standardLeaves.prefix(count) { range.append(.leaf(leaf)) }
        #expect(range.root.bytes.hex == root)
    }

    @Test func everySizeHasTheRootOfTheReference() throws {
        var range = CompactRange()
        for count in 0...Self.count {
            #expect(range.size == UInt64(count))
            #expect(range.root.bytes == ReferenceTree.root(data[..<count]), "\(count) leaves")
            let resumed = try CompactRange(size: UInt64(count), nodes: node)
            #expect(resumed.root == range.root)
            if count < Self.count { range.append(.leaf(data[count])) }
        }
    }

    @Test func everyInclusionProofIsTheReferencesAndVerifies() throws {
        for size in 1...Self.count {
            let root = try #require(TreeHash(ReferenceTree.root(data[..<size])))
            for index in 0..<size {
                let proof = try InclusionProof(index: UInt64(index), size: UInt64(size), nodes: node)
                #expect(proof.path.map(\.bytes) == ReferenceTree.path(index, data[..<size]), "\(index) of \(size)")
                try proof.verify(.leaf(data[index]), root: root)
            }
        }
    }

    @Test func everyConsistencyProofIsTheReferencesAndVerifies() throws {
        for new in 0...Self.count {
            let newRoot = try #require(TreeHash(ReferenceTree.root(data[..<new])))
            for old in 0...new {
                let oldRoot = try #require(TreeHash(ReferenceTree.root(data[..<old])))
                let proof = try ConsistencyProof(oldSize: UInt64(old), newSize: UInt64(new), nodes: node)
                if old > 0 { #expect(proof.path.map(\.bytes) == ReferenceTree.consistency(old, data[..<new]), "\(old) to \(new)") }
                try proof.verify(oldRoot, newRoot)
            }
        }
    }

    @Test func noOtherLeafIndexSizeOrPathPasses() throws {
        let sizes = [1, 2, 3, 7, 8, 11, 64, 65]
        for size in sizes {
            let root = try #require(TreeHash(ReferenceTree.root(data[..<size])))
            for index in 0..<size {
                let proof = try InclusionProof(index: UInt64(index), size: UInt64(size), nodes: node)
                let leaf = TreeHash.leaf(data[index])
                for other in 0..<size where other != index {
                    if data[other] != data[index] { #expect(proof.root(of: .leaf(data[other])) != root) }
                    #expect(InclusionProof(index: UInt64(other), size: UInt64(size), path: proof.path).root(of: leaf) != root)
                }
                for path in Self.changed(proof.path) {
                    #expect(InclusionProof(index: UInt64(index), size: UInt64(size), path: path).root(of: leaf) != root)
                }
                for wrong in [UInt64(size), .max] {
                    #expect(InclusionProof(index: wrong, size: UInt64(size), path: proof.path).root(of: leaf) == nil)
                }
            }
        }
    }

    @Test func noChangedConsistencyProofPasses() throws {
        for new in [2, 3, 7, 8, 13, 64, 65] {
            let newRoot = try #require(TreeHash(ReferenceTree.root(data[..<new])))
            for old in 1..<new {
                let oldRoot = try #require(TreeHash(ReferenceTree.root(data[..<old])))
                let proof = try ConsistencyProof(oldSize: UInt64(old), newSize: UInt64(new), nodes: node)
                #expect(!proof.connects(newRoot, newRoot) && !proof.connects(oldRoot, oldRoot))
                for path in Self.changed(proof.path) {
                    #expect(!ConsistencyProof(oldSize: UInt64(old), newSize: UInt64(new), path: path).connects(oldRoot, newRoot))
                }
            }
        }
    }

    private static func changed(_ path: [TreeHash]) -> [[TreeHash]] {
        var changed = [path + [TreeHash.empty], [TreeHash.empty] + path]
        if !path.isEmpty { changed += [Array(path.dropLast()), Array(path.dropFirst())] }
        for position in path.indices {
            var one = path
            one[position] = .node(one[position], one[position])
            changed.append(one)
        }
        return changed
    }

    @Test func aShorterOrForkedLogIsARollback() throws {
        let one = TreeHash.leaf([1])
        let shrunk = #expect(throws: MaxError.self) { try ConsistencyProof(oldSize: 2, newSize: 1, path: []).verify(one, one) }
        #expect(shrunk?.code == .rollback)
        let forked = #expect(throws: MaxError.self) { try ConsistencyProof(oldSize: 1, newSize: 1, path: []).verify(one, .leaf([2])) }
        #expect(forked?.code == .rollback)
        #expect(forked?.message.contains("forked") == true)
        #expect(!ConsistencyProof(oldSize: 0, newSize: 1, path: []).connects(one, one))
        #expect(ConsistencyProof(oldSize: 0, newSize: 1, path: []).connects(.empty, one))
    }
}
