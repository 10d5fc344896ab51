/// The operators, one static member each, declared in the file of their family.
///
/// To add one: declare it, name it in `all`. Nothing else needs to know it.
public enum Ops {
    public static let all: [Operator] = {
        let groups = [
            [constant, identity, cast], elementwiseUnary, elementwiseBinary, comparisons, logical, shaping, selecting, reductions, dense,
            treeOps, links, [labelEncoder], scaling, encoding, linear, maps, supportVectorMachines, normalizations, bits, generating,
            activations, scattering, picking, padding, strings, pooling, convolutions, losses, einsums, ngrams, times, featurizing,
        ]
        // At its size from the start: growing would copy every operator several times, when a process loads its first model.
        var all: [Operator] = []
        all.reserveCapacity(groups.reduce(0) { $0 + $1.count })
        for group in groups { all += group }
        return all
    }()

    /// Every operator by its name.
    public static let named: [String: Operator] = {
        var named = [String: Operator](minimumCapacity: all.count)
        for op in all where named[op.name] == nil { named[op.name] = op }
        return named
    }()
}
