/// The rewrites of a compile, in the order of a round.
public enum Pipeline {
    /// Every rewrite that a default compile runs; all are exact.
    public static let exact: [any RewriteRule] = [
        FoldConstants(), RemoveIdentity(), MergeCasts(), MergeTransposes(), MergeReshapes(), MergeConcats(),
        TableLookups(), CastBeforeReshape(), SelectFromConcat(), MergeLabelEncoders(), MergeImputers(), FoldImputerIntoTrees(),
        FoldScalerIntoTrees(),
        PruneTrees(), FoldLoneLeaves(), CommonSubexpressions(), DeadNodes(), DroppedColumns(),
    ]

    /// One line per rule: name, exactness, equation.
    public static func listing(_ rules: [any RewriteRule] = exact) -> String {
        let width = rules.map(\.name.count).max() ?? 0
        return rules.map { rule in
            rule.name + String(repeating: " ", count: width - rule.name.count) + "  \(rule.exactness)  \(rule.equation)"
        }.joined(separator: "\n")
    }

    /// The rules of the given names, in the given order.
    ///
    /// - Returns: nil where `names` holds one that is unknown.
    public static func named(_ names: [String], of rules: [any RewriteRule] = exact) -> [any RewriteRule]? {
        let found = names.compactMap { name in rules.first { $0.name == name } }
        return found.count == names.count ? found : nil
    }
}
