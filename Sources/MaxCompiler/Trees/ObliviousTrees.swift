import MaxIR

extension TreeEnsemble {
    /// Per tree, whether it is full and all nodes of a level make the same test, on two levels or more: kernels ask such
    /// a tree one question per level.
    var obliviousTrees: [Bool] { roots.map(isOblivious) }

    private func isOblivious(_ root: Int32) -> Bool {
        var level = [root]
        var depth = 0
        while let first = level.first, first >= 0 {
            var below: [Int32] = []
            for place in level {
                guard place >= 0, isSameTest(Int(place), Int(first)) else { return false }
                below.append(trueChild[Int(place)])
                below.append(falseChild[Int(place)])
            }
            level = below
            depth += 1
        }
        return depth >= 2 && level.allSatisfy { $0 < 0 }
    }

    /// Whether two nodes send every row to the same side, because all that decides is the same.
    func isSameTest(_ a: Int, _ b: Int) -> Bool {
        a == b
            || (column[a] == column[b] && comparison[a] == comparison[b] && missing[a] == missing[b]
                && limit(a).bitPattern == limit(b).bitPattern && (set.isEmpty || isSameSet(set[a], set[b])))
    }

    private func isSameSet(_ a: Int32, _ b: Int32) -> Bool {
        a == b || (a >= 0 && b >= 0 && words(a) == words(b))
    }

    /// The words of a set.
    func words(_ set: Int32) -> ArraySlice<UInt64> {
        setWords[Int(setOffsets[Int(set)])..<Int(setOffsets[Int(set) + 1])]
    }
}
