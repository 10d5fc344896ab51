import CMaxKernels
import Glibc
import MaxIR

/// The family of kernels that a plan uses: the best that the processor has, unless `MAXAI_KERNELS` names one.
package enum KernelChoice: String, Sendable, CaseIterable {
    case scalar, avx2, avx512

    /// Overrides the choice for plans made inside `$forced.withValue`.
    @TaskLocal package static var forced: KernelChoice?

    /// That of plans which are made here and now.
    package static var current: KernelChoice { forced ?? chosen }

    /// Those that this processor can run, the best last.
    package static let available: [KernelChoice] = {
        let features = maxai_cpu_features()
        guard features & UInt32(MAXAI_CPU_AVX2_FMA) != 0 else { return [.scalar] }
        return features & UInt32(MAXAI_CPU_AVX512) != 0 ? [.scalar, .avx2, .avx512] : [.scalar, .avx2]
    }()

    private static let chosen: KernelChoice = asked.compactMap(KernelChoice.init).first ?? available.last ?? .scalar

    /// The words of `MAXAI_KERNELS`.
    fileprivate static let asked: [String] =
        getenv("MAXAI_KERNELS").map { String(cString: $0).split(separator: ",").map(String.init) } ?? []

    /// - Throws: `.usage` when `MAXAI_KERNELS` names no kernels, `.unsupported` when this processor cannot run them.
    static func check() throws(MaxError) {
        for word in asked where TreeKernel(rawValue: word) == nil {
            guard let family = KernelChoice(rawValue: word) else {
                let names = (allCases.map(\.rawValue) + TreeKernel.allCases.map(\.rawValue)).joined(separator: ", ")
                throw MaxError(.usage, "MAXAI_KERNELS: found '\(word)', expected one of \(names), or several with commas between them")
            }
            guard available.contains(family) else {
                let names = available.map(\.rawValue).joined(separator: ", ")
                throw MaxError(.unsupported, "MAXAI_KERNELS: found '\(word)', but this processor runs \(names)")
            }
        }
    }
}

/// The kernels of tree ensembles. A plan takes the one that its cost model finds cheapest among those that can hold an
/// ensemble, unless `MAXAI_KERNELS` names one that can.
package enum TreeKernel: String, Sendable, CaseIterable {
    /// Any ensemble of sums or averages, as it stands in the graph.
    case general = "trees.general"
    /// Trees of any size on 16-bit codes: up to 16,384 of them, one per column, policy and 65,534 thresholds.
    case walk = "trees.walk"
    /// Trees of up to 256 leaves on bytes: up to 16,384 of them, one per column, policy and 254 thresholds.
    case byte = "trees.byte"

    /// Overrides the choice for plans made inside `$forced.withValue`, where the kernel can hold the ensemble.
    @TaskLocal package static var forced: TreeKernel?

    static var wanted: TreeKernel? { forced ?? asked }

    private static let asked: TreeKernel? = KernelChoice.asked.compactMap(TreeKernel.init).first
}

/// An ensemble as a plan runs it.
package struct PlannedEnsemble: Sendable, Hashable {
    package let kernel: TreeKernel
    package let treeCount: Int
}
