extension TreeEnsemble {
    /// The scores of every row of `x`, whose columns were checked against `column`.
    ///
    /// - Parameter x: f32 or f64 `[N, F]`; each value is converted to the type of `threshold` and compared there.
    /// - Returns: `[N, K]` in the type of `leaf_values`.
    func evaluate(_ x: Tensor) throws(MaxError) -> Tensor {
        let shape = [x.shape[0], outputCount]
        _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
        let leaves = try reachedLeaves(x)
        switch (leafValues, base) {
        case (.f32(let values), .f32(let start)):
            return Tensor(leaves.flatMap { scores($0, start) { values[$0] } }, shape: shape)
        case (.f64(let values), .f64(let start)):
            guard let linear else { return Tensor(leaves.flatMap { scores($0, start) { values[$0] } }, shape: shape) }
            let all = leaves.enumerated().flatMap { row, reached in
                scores(reached, start) { leaf in
                    linear.score(leaf, value: values[leaf]) { x.storage.number(row * x.shape[1] + $0) }
                }
            }
            return Tensor(all, shape: shape)
        default: throw MaxError(.malformed, "'trees': leaf_values and base differ in type")
        }
    }

    /// The leaf that every tree sends each row of `x` to.
    func reachedLeaves(_ x: Tensor) throws(MaxError) -> [[Int32]] {
        let (rows, width) = (x.shape[0], x.shape[1])
        switch (x.storage, threshold) {
        case (.f32(let a), .f32(let t)): return reachedLeaves(a, width, rows, t) { $0 }
        case (.f32(let a), .f64(let t)): return reachedLeaves(a, width, rows, t) { Double($0) }
        case (.f64(let a), .f32(let t)): return reachedLeaves(a, width, rows, t) { Float($0) }
        case (.f64(let a), .f64(let t)): return reachedLeaves(a, width, rows, t) { $0 }
        default: throw MaxError(.malformed, "'trees': operand is \(x.type), expected f32 or f64")
        }
    }

    /// What the test of a node says of element `index` of `x`.
    package func isTrue(_ node: Int, _ x: Tensor, _ index: Int) -> Bool {
        switch (x.storage, threshold) {
        case (.f32(let a), .f32(let t)): isTrue(node, a[index], t[node])
        case (.f32(let a), .f64(let t)): isTrue(node, Double(a[index]), t[node])
        case (.f64(let a), .f32(let t)): isTrue(node, Float(a[index]), t[node])
        case (.f64(let a), .f64(let t)): isTrue(node, a[index], t[node])
        default: false
        }
    }

    private func reachedLeaves<X, T: BinaryFloatingPoint>(
        _ x: [X], _ width: Int, _ rows: Int, _ thresholds: [T], _ convert: (X) -> T
    ) -> [[Int32]] {
        (0..<rows).map { row in
            roots.map { root in
                var place = root
                while place >= 0 {
                    let node = Int(place)
                    let value = convert(x[row * width + Int(column[node])])
                    place = isTrue(node, value, thresholds[node]) ? trueChild[node] : falseChild[node]
                }
                return ~place
            }
        }
    }

    private func isTrue<T: BinaryFloatingPoint>(_ node: Int, _ value: T, _ threshold: T) -> Bool {
        let policy = policy(of: node)
        var x = value
        switch policy.missing {
        case .none: break
        case .nan: if x.isNaN { return policy.goesTrue }
        case .zero: if x.isNaN || Double(x.magnitude) <= Self.zeroThreshold { return policy.goesTrue }
        case .nanIsZero: if x.isNaN { x = 0 }
        }
        switch Comparison(rawValue: comparison[node]) {
        case .lessOrEqual: return x <= threshold
        case .less: return x < threshold
        case .greaterOrEqual: return x >= threshold
        case .greater: return x > threshold
        case .equal: return x == threshold
        case .notEqual: return x != threshold
        case .member: return isMember(x, of: Int(set[node]))
        case nil: return false
        }
    }

    private func isMember<T: BinaryFloatingPoint>(_ x: T, of set: Int) -> Bool {
        switch setRule {
        case .nonNegative: if x < 0 { return false }
        case .truncated: break
        case .exact: if x != x.rounded(.towardZero) { return false }
        }
        guard let position = Int64(exactly: x.rounded(.towardZero)), position >= 0 else { return false }
        let words = setOffsets[set]..<setOffsets[set + 1]
        guard position / 64 < Int64(words.count) else { return false }
        return setWords[Int(words.lowerBound + position / 64)] >> UInt64(position % 64) & 1 == 1
    }

    /// The scores of one row, given the leaf of every tree.
    ///
    /// - Parameter leafValue: element `leaf * leafStride + k` of the leaf values, or what takes its place for this row.
    private func scores<A: BinaryFloatingPoint>(_ leaves: [Int32], _ start: [A], _ leafValue: (Int) -> A) -> [A] {
        var out = start
        var isStarted = [Bool](repeating: false, count: start.count)
        for (tree, leaf) in leaves.enumerated() {
            for k in 0..<leafStride {
                let output = Int(treeOutput[tree]) + k
                let value = leafValue(Int(leaf) * leafStride + k)
                switch aggregate {
                case .sum, .average: out[output] += value
                case .min: if !isStarted[output] || value < out[output] { out[output] = value }
                case .max: if !isStarted[output] || value > out[output] { out[output] = value }
                }
                isStarted[output] = true
            }
        }
        if aggregate == .average, !leaves.isEmpty { for k in out.indices { out[k] /= A(leaves.count) } }
        return out
    }
}
