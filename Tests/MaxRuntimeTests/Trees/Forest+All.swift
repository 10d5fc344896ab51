import MaxCases
import MaxIR
import MaxRuntime

extension Forest {
    private static let portable: Set<TreeKernel> = [.general, .walk]

    /// What kernels treat apart, and what lies on the borders of what they hold.
    static let all: [Forest] = {
        var out = [
            Forest(description: "no trees") { _ in [] },
            Forest(description: "linear leaves", isLinear: true) { random in
                (0..<15).map { grown(leaves: 1 + 2 * $0, &random) { plain(&$0) } }
            },
            Forest(description: "linear leaves of large trees", holders: portable, isLinear: true) { random in
                (0..<3).map { _ in grown(leaves: 300, &random) { plain(&$0) } }
            },
            Forest(description: "linear leaves of many trees", holders: [.general], isLinear: true, batches: [1, 9, 65]) { random in
                (0..<4097).map { _ in grown(leaves: 2, &random) { plain(&$0) } }
            },
            Forest(description: "lone leaves") { _ in [[], [], []] },
            Forest(description: "lone leaves between trees") { random in
                (0..<11).map { $0 % 3 == 0 ? [] : grown(leaves: 2 + $0, &random) { plain(&$0) } }
            },
            Forest(description: "full trees of depth 1 to 6") { random in
                (0..<12).map { tree in full(depth: 1 + tree % 6) { plain(&random) } }
            },
            Forest(description: "up to 256 leaves") { random in
                [256, 255, 65, 64, 33, 7].map { grown(leaves: $0, &random) { plain(&$0) } }
            },
            Forest(description: "257 leaves", holders: portable) { random in
                [257, 20, 3].map { grown(leaves: $0, &random) { plain(&$0) } }
            },
            Forest(description: "1,500 leaves", holders: portable) { random in
                (0..<3).map { _ in grown(leaves: 1500, &random) { plain(&$0) } }
            },
            Forest(description: "chains of depth 40") { random in (0..<9).map { _ in chain(depth: 40, &random) { plain(&$0) } } },
            Forest(description: "chains of depth 255 and 300", holders: portable) { random in
                [255, 300].map { chain(depth: $0, &random) { plain(&$0) } }
            },
            Forest(description: "every way to miss values") { random in
                (0..<14).map { grown(leaves: 2 + 3 * $0, &random) { missing(&$0) } }
            },
            Forest(description: "oblivious trees that miss values every way") { random in
                (0..<12).map { tree in oblivious(depth: 1 + tree % 8) { missing(&random) } }
            },
            Forest(description: "tests of other kinds") { random in (0..<24).map { grown(leaves: 2 + $0, &random) { odd(&$0) } } },
            Forest(description: "a column for every row of a table", columns: 300) { random in
                (0..<20).map { _ in grown(leaves: 40, &random) { plain(&$0, columns: 300) } }
            },
            Forest(description: "more columns than codes have", columns: 16_400, holders: [.general], batches: [1, 9, 65]) { _ in
                (0..<16_400).map {
                    [Split(column: $0, comparison: .less, threshold: 1, missing: .nan, missingGoesTrue: true, ifTrue: ~0, ifFalse: ~1)]
                }
            },
            Forest(description: "more tests of other kinds than pay", holders: [.general]) { _ in
                [
                    (0..<40).map {
                        Split(
                            column: 0, comparison: .equal, threshold: Double($0), missing: .nan, missingGoesTrue: false, ifTrue: ~$0,
                            ifFalse: $0 < 39 ? $0 + 1 : ~40)
                    }
                ]
            },
        ]
        out += (1...9).map { depth in
            Forest(description: "oblivious trees of depth \(depth)", holders: depth == 9 ? portable : Set(TreeKernel.allCases)) { random in
                (0..<9).map { _ in oblivious(depth: depth) { plain(&random) } }
            }
        }
        out += TreeEnsemble.SetRule.allCases.map { rule in
            Forest(description: "sets, \(rule)", setRule: rule) { random in
                let splits = (0..<100).map { _ in member(&random) }
                return (0..<30).map { grown(leaves: 2 + $0 / 2, &random) { splits[$0.below(splits.count)] } }
            }
        }
        out.append(
            Forest(description: "more sets than codes pay for", holders: [.general, .byte]) { random in
                (0..<30).map { grown(leaves: 2 + $0, &random) { member(&$0) } }
            })
        out += [1, 16, 17, 254, 255, 256, 509, 4096, 4097, 65_534, 65_535, 70_000].map(thresholds)
        return out
    }()

    /// As many different thresholds in the first column, spread over trees of up to 256 leaves.
    private static func thresholds(_ count: Int) -> Forest {
        Forest(
            description: "\(count) thresholds in a column", columns: 2,
            batches: count < 5000 ? [1, 2, 63, 64, 65, 255, 1000] : [1, 9, 255]
        ) {
            random in
            var left = (0..<count).map { Double($0 - count / 2) / 1024 }.shuffled(using: &random)
            var trees: [[Split]] = []
            while !left.isEmpty {
                let splits = min(left.count, 255)
                trees.append(
                    grown(leaves: splits + 1, &random) { random in
                        var split = plain(&random)
                        // One comparison, as `<=` would move a threshold to the next float and not to the next threshold.
                        (split.column, split.comparison, split.threshold) = (0, .less, left.removeLast())
                        return split
                    })
            }
            return trees
        }
    }
}
