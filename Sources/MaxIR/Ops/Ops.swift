/// The operators, one static member each, declared in the file of their family.
///
/// To add one: declare it, name it in `all`. Nothing else needs to know it.
public enum Ops {
    public static let all: [Operator] =
        [constant, identity, cast]
        + elementwiseUnary + elementwiseBinary + comparisons + logical + shaping + selecting + reductions + dense + treeOps + links
        + [labelEncoder] + scaling + encoding + linear + maps + supportVectorMachines + normalizations
        + bits + generating + activations + scattering + picking + padding + strings + pooling + convolutions + losses + einsums + ngrams
        + times + featurizing

    /// Every operator by its name.
    public static let named: [String: Operator] = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
