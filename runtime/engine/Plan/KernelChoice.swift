import CMaxKernels
import Glibc

/// The family of kernels that a plan uses: the best that the processor has, unless `MAXAI_KERNELS` names one.
package enum KernelChoice: String, Sendable, CaseIterable {
    case scalar, avx2, avx512

    /// Overrides the choice for plans made inside `$forced.withValue`.
    @TaskLocal package static var forced: KernelChoice?

    static var current: KernelChoice { forced ?? chosen }

    /// Those that this processor can run, the best last.
    package static let available: [KernelChoice] = {
        let features = maxai_cpu_features()
        guard features & UInt32(MAXAI_CPU_AVX2_FMA) != 0 else { return [.scalar] }
        return features & UInt32(MAXAI_CPU_AVX512) != 0 ? [.scalar, .avx2, .avx512] : [.scalar, .avx2]
    }()

    private static let chosen: KernelChoice = {
        let best = available.last ?? .scalar
        guard let name = getenv("MAXAI_KERNELS"), let asked = KernelChoice(rawValue: String(cString: name)) else { return best }
        return available.contains(asked) ? asked : best
    }()
}
