import MaxCases
import MaxCompiler
import MaxIR
import Testing

@Suite struct PruneTreesTests {
    func expect(
        _ tree: TreeSketch, becomes expected: TreeSketch, threshold: ElementType = .f32, x: ElementType = .f32,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try TreeEnsemble([tree], threshold: threshold).pruned(x: x)
        #expect(found == (try TreeEnsemble([expected], threshold: threshold)), sourceLocation: sourceLocation)
    }

    func expectUnchanged(
        _ tree: TreeSketch, threshold: ElementType = .f32, x: ElementType = .f32, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expect(tree, becomes: tree, threshold: threshold, x: x, sourceLocation: sourceLocation)
    }

    @Test func aTestThatOneAboveDecidesGoes() throws {
        try expect(
            split(0, .lessOrEqual, 1, split(0, .less, 2, leaf(1), leaf(2)), split(0, .greater, 1, .nan, leaf(3), leaf(4))),
            becomes: split(0, .lessOrEqual, 1, leaf(1), split(0, .greater, 1, .nan, leaf(3), leaf(4))))
        // Without NaN below, the second goes too.
        try expect(
            split(0, .lessOrEqual, 1, .nan, goesTrue: true, leaf(0), split(0, .greater, 1, .nan, leaf(3), leaf(4))),
            becomes: split(0, .lessOrEqual, 1, .nan, goesTrue: true, leaf(0), leaf(3)))
        // A column tested between hides nothing.
        try expect(
            split(0, .less, 1, split(1, .less, 1, split(0, .less, 1, leaf(1), leaf(2)), leaf(3)), leaf(4)),
            becomes: split(0, .less, 1, split(1, .less, 1, leaf(1), leaf(3)), leaf(4)))
    }

    @Test func theLastNumberBetweenTwoBoundsStays() throws {
        for x in [ElementType.f32, .f64] {
            try expectUnchanged(split(0, .greaterOrEqual, 1, split(0, .lessOrEqual, 1, leaf(1), leaf(2)), leaf(3)), x: x)
            try expect(
                split(0, .greaterOrEqual, 1, split(0, .less, 1, leaf(1), leaf(2)), leaf(3)),
                becomes: split(0, .greaterOrEqual, 1, leaf(2), leaf(3)), x: x)
        }
        // Nothing lies between neighbours of f32, unless x and thresholds are f64.
        let next = Double(Float(1).nextUp)
        let tree = split(0, .greater, 1, split(0, .less, next, leaf(1), leaf(2)), leaf(3))
        try expect(tree, becomes: split(0, .greater, 1, leaf(2), leaf(3)), x: .f64)
        try expect(tree, becomes: split(0, .greater, 1, leaf(2), leaf(3)), threshold: .f64)
        try expectUnchanged(tree, threshold: .f64, x: .f64)
    }

    @Test func zeroHasOneSign() throws {
        try expectUnchanged(split(0, .lessOrEqual, -0.0, split(0, .greaterOrEqual, 0, leaf(1), leaf(2)), leaf(3)))
        try expect(
            split(0, .less, 0, split(0, .greaterOrEqual, -0.0, leaf(1), leaf(2)), leaf(3)),
            becomes: split(0, .less, 0, leaf(2), leaf(3)))
    }

    @Test func infinityIsANumberAndTheLast() throws {
        try expectUnchanged(split(0, .less, .infinity, leaf(1), leaf(2)))
        try expectUnchanged(split(0, .greaterOrEqual, -.infinity, leaf(1), leaf(2)))
        try expect(split(0, .greater, .infinity, leaf(1), leaf(2)), becomes: leaf(2))
        try expect(split(0, .less, -.infinity, leaf(1), leaf(2)), becomes: leaf(2))
        try expect(split(0, .lessOrEqual, .infinity, .nan, goesTrue: true, leaf(1), leaf(2)), becomes: leaf(1))
        try expect(split(0, .lessOrEqual, .infinity, .nanIsZero, leaf(1), leaf(2)), becomes: leaf(1))
        try expectUnchanged(split(0, .lessOrEqual, .infinity, .nan, goesTrue: false, leaf(1), leaf(2)))
    }

    @Test func nothingComparesWithNaNButNotEqual() throws {
        for comparison in [TreeEnsemble.Comparison.lessOrEqual, .less, .greaterOrEqual, .greater, .equal] {
            try expect(split(0, comparison, .nan, leaf(1), leaf(2)), becomes: leaf(2))
        }
        try expect(split(0, .notEqual, .nan, leaf(1), leaf(2)), becomes: leaf(1))
        #expect(try TreeEnsemble([split(0, .less, .nan, .nan, goesTrue: true, leaf(1), leaf(2))]).pruned().nodeCount == 1)
    }

    @Test func equalityKnowsOnePoint() throws {
        try expect(
            split(0, .equal, 3, split(0, .greater, 2, leaf(1), leaf(2)), split(0, .notEqual, 3, leaf(3), leaf(4))),
            becomes: split(0, .equal, 3, leaf(1), split(0, .notEqual, 3, leaf(3), leaf(4))))
        try expect(
            split(0, .lessOrEqual, 3, split(0, .notEqual, 3, split(0, .less, 3, leaf(1), leaf(2)), leaf(3)), leaf(4)),
            becomes: split(0, .lessOrEqual, 3, split(0, .notEqual, 3, leaf(1), leaf(3)), leaf(4)))
        // 0.1 is no f32.
        try expect(split(0, .equal, 0.1, leaf(1), leaf(2)), becomes: leaf(2), threshold: .f64)
        try expectUnchanged(split(0, .equal, 0.1, leaf(1), leaf(2)), threshold: .f64, x: .f64)
    }

    @Test func zeroAsMissingGoesItsOwnWay() throws {
        // What is up to 1e-35 is on the false side too.
        try expectUnchanged(split(0, .less, 5, .zero, goesTrue: false, leaf(1), split(0, .less, 1, leaf(2), leaf(3))))
        try expectUnchanged(
            split(0, .less, 5, .zero, goesTrue: false, leaf(1), split(0, .less, 5, .zero, goesTrue: true, leaf(2), leaf(3))))
        try expect(
            split(0, .less, 5, .zero, goesTrue: true, split(0, .less, 6, .zero, goesTrue: true, leaf(1), leaf(2)), leaf(3)),
            becomes: split(0, .less, 5, .zero, goesTrue: true, leaf(1), leaf(3)))
        try expect(
            split(0, .greater, 1e-37, .nan, split(0, .less, 1e-36, .nan, split(0, .less, 1, .zero, leaf(1), leaf(2)), leaf(3)), leaf(4)),
            becomes: split(0, .greater, 1e-37, .nan, split(0, .less, 1e-36, .nan, leaf(2), leaf(3)), leaf(4)))
    }

    @Test func aSetIsAskedWhereFewNumbersAreLeft() throws {
        let tree = split(0, .equal, 3, split(0, .member, 0, set: [8], leaf(1), leaf(2)), split(0, .member, 0, set: [24], leaf(3), leaf(4)))
        try expect(tree, becomes: split(0, .equal, 3, leaf(1), split(0, .member, 0, set: [24], leaf(3), leaf(4))))
    }

    @Test func equalSidesGoFromTheLeavesUp() throws {
        let inner = split(1, .less, 1, leaf(1), split(2, .greater, 0, .nan, leaf(2), leaf(3)))
        try expect(split(0, .less, 0, inner, inner), becomes: inner)
        try expect(
            split(0, .less, 0, split(3, .less, 0, inner, inner), split(2, .less, 7, leaf(1), leaf(1))),
            becomes: split(0, .less, 0, inner, leaf(1)))
        // Also where the test above would decide one of the two.
        try expect(split(1, .less, 0, inner, inner), becomes: inner)
        try expect(split(0, .less, 0, split(1, .less, 0, leaf(1), leaf(1)), leaf(1)), becomes: leaf(1))
        try expect(split(0, .less, 0, leaf(1, id: 4), leaf(1, id: 4)), becomes: leaf(1, id: 4))
        let member = split(0, .member, 0, set: [5], leaf(1), leaf(2))
        try expect(
            split(1, .less, 0, split(2, .less, 0, member, leaf(3)), split(2, .less, 0, member, leaf(3))),
            becomes: split(2, .less, 0, member, leaf(3)))
    }

    @Test func whatDiffersInOneBitStays() throws {
        try expectUnchanged(split(0, .less, 0, leaf(0), leaf(-0.0)))
        try expectUnchanged(split(0, .less, 0, leaf(1, id: 4), leaf(1, id: 5)))
        let tests = [
            split(1, .less, 1, leaf(1), leaf(2)), split(2, .less, 1, leaf(1), leaf(2)), split(1, .lessOrEqual, 1, leaf(1), leaf(2)),
            split(1, .less, 0, leaf(1), leaf(2)), split(1, .less, -0.0, leaf(1), leaf(2)), split(1, .less, 1, .nan, leaf(1), leaf(2)),
            split(1, .less, 1, .nan, goesTrue: true, leaf(1), leaf(2)), split(1, .less, 1, leaf(1), leaf(3)),
            split(1, .member, 0, set: [1], leaf(1), leaf(2)), split(1, .member, 0, set: [3], leaf(1), leaf(2)),
        ]
        for (first, a) in tests.enumerated() {
            for (second, b) in tests.enumerated() where first != second { try expectUnchanged(split(0, .less, 0, a, b)) }
        }
        try expectUnchanged(split(0, .less, 0, cover: 2, leaf(1, cover: 1), leaf(1, cover: 1)))
    }

    @Test func leavesKeepTheirNumbers() throws {
        try expect(
            split(0, .less, 1, split(0, .less, 2, leaf(1, id: 7), leaf(2, id: 8)), leaf(3, id: 9)),
            becomes: split(0, .less, 1, leaf(1, id: 7), leaf(3, id: 9)))
    }

    @Test func coverThatWeighsStays() throws {
        func tree(_ column: Int, _ a: Double, _ b: Double, _ cover: Double = 5) -> TreeSketch {
            split(
                0, .less, 1, cover: 8,
                split(column, .less, column == 0 ? 2 : -.infinity, cover: cover, leaf(1, cover: a), leaf(2, cover: b)),
                leaf(3, cover: 3))
        }
        try expect(tree(0, 5, 0), becomes: split(0, .less, 1, cover: 8, leaf(1, cover: 5), leaf(3, cover: 3)))
        try expectUnchanged(tree(0, 4, 1))
        try expectUnchanged(tree(0, 4, 0))
        try expectUnchanged(tree(0, 0, 0, 0))
        try expectUnchanged(tree(0, 9, 0, 9))
        // The column is tested nowhere else: it would no longer count.
        try expectUnchanged(tree(1, 0, 5))
    }

    @Test func obliviousTreesStay() throws {
        func level(_ a: TreeSketch, _ b: TreeSketch) -> TreeSketch { split(0, .greater, 2, .nan, a, b) }
        try expectUnchanged(split(0, .greater, 1, .nan, level(leaf(1), leaf(2)), level(leaf(3), leaf(4))))
        try expectUnchanged(split(1, .greater, 1, .nan, level(leaf(1), leaf(1)), level(leaf(1), leaf(1))))
        try expect(split(1, .greater, 1, .nan, level(leaf(1), leaf(1)), leaf(2)), becomes: split(1, .greater, 1, .nan, leaf(1), leaf(2)))
        // Beside others too.
        let oblivious = split(1, .greater, 1, .nan, level(leaf(1), leaf(1)), level(leaf(1), leaf(1)))
        let found = try TreeEnsemble([oblivious, split(0, .less, 1, leaf(1), leaf(1)), oblivious]).pruned()
        #expect(found == (try TreeEnsemble([oblivious, leaf(1), oblivious])))
    }

    @Test func sumsThatWouldShowItStay() throws {
        try expectUnchanged(split(0, .less, -.infinity, leaf(.infinity), leaf(2)))
        var trees = try TreeEnsemble([split(0, .less, -.infinity, leaf(1), leaf(2))])
        trees.base = .f32([-0.0])
        #expect(try trees.pruned() == trees)
    }

    @Test func manyColumnsAreLeftAlone() throws {
        let trees = try TreeEnsemble([split(1 << 20, .less, -.infinity, leaf(1), leaf(2))])
        #expect(try trees.pruned(columns: 1 << 21) == trees)
    }

    @Test func setsThatNoNodeHasGo() throws {
        let (a, b) = (split(0, .member, 0, set: [1, 2], leaf(1), leaf(2)), split(0, .member, 0, set: [3], leaf(5), leaf(6)))
        try expect(split(1, .less, -.infinity, a, b), becomes: b)
        try expect(split(1, .less, -.infinity, a, leaf(3)), becomes: leaf(3))
    }

    @Test func linearLeavesGoWithTheirTerms() throws {
        func linear(_ base: Double, _ columns: [Int]) -> SourceNode {
            .leaf(.init([base], linear: .init(base: base, columns: columns, coefficients: columns.map { Double($0) / 4 })))
        }
        func ensemble(_ nodes: [SourceNode]) throws -> TreeEnsemble {
            var builder = TreeEnsembleBuilder(outputs: 1)
            try builder.addTree(count: nodes.count, output: 0) { nodes[$0] }
            return try builder.finish(threshold: .f64, base: .f64([0]))
        }
        func split(_ threshold: Double, _ yes: Int, _ no: Int) -> SourceNode {
            .split(
                .init(column: 0, comparison: .less, threshold: threshold, missing: .none, missingGoesTrue: false, ifTrue: yes, ifFalse: no))
        }
        let given = try ensemble([split(1, 1, 2), split(2, 3, 4), linear(3, [1]), linear(1, [0, 2]), linear(2, [3, 1, 2])])
        #expect(try given.pruned() == (try ensemble([split(1, 1, 2), linear(1, [0, 2]), linear(3, [1])])))
        let equal = try ensemble([split(1, 1, 2), linear(1, [0, 2]), linear(1, [0, 2])])
        #expect(try equal.pruned() == (try ensemble([linear(1, [0, 2])])))
        let other = try ensemble([split(1, 1, 2), linear(1, [0, 2]), linear(1, [0, 3])])
        #expect(try other.pruned() == other)
    }

    /// A chain as deep as it has nodes: nothing here calls itself.
    @Test func depthHasNoLimit() throws {
        let depth = 200_000
        func chain(_ threshold: (Int) -> Double) throws -> TreeEnsemble {
            var builder = TreeEnsembleBuilder(outputs: 1)
            try builder.addTree(count: 2 * depth + 1, output: 0) { position throws(MaxError) in
                guard position < depth else { return .leaf([Double(position)]) }
                return .split(
                    .init(
                        column: 0, comparison: .less, threshold: threshold(position), missing: .none, missingGoesTrue: false,
                        ifTrue: depth + position, ifFalse: position + 1 < depth ? position + 1 : 2 * depth))
            }
            return try builder.finish(threshold: .f64, base: .f64([0]))
        }
        let ascending = try chain { Double($0) }
        #expect(try ascending.pruned(x: .f64) == ascending)
        #expect(try chain { -Double($0) }.pruned(x: .f64).nodeCount == 1)
    }
}
