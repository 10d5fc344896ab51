import CMaxKernels
import Glibc

/// The family of kernels that a plan uses: the best that the processor has, unless `MAXAI_KERNELS` names one.
package enum KernelChoice: String, Sendable, CaseIterable {
    case scalar, avx512

    /// Overrides the choice for plans made inside `$forced.withValue`.
    @TaskLocal package static var forced: KernelChoice?

    static var current: KernelChoice { forced ?? chosen }

    /// Those that this processor can run.
    package static var available: [KernelChoice] { best == .avx512 ? [.scalar, .avx512] : [.scalar] }

    private static let best: KernelChoice = maxai_cpu_features() & UInt32(MAXAI_CPU_AVX512) != 0 ? .avx512 : .scalar

    private static let chosen: KernelChoice = {
        guard let name = getenv("MAXAI_KERNELS"), let asked = KernelChoice(rawValue: String(cString: name)) else { return best }
        return available.contains(asked) ? asked : best
    }()
}
