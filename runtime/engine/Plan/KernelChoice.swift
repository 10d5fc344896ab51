import CMaxKernels
import Glibc
import MaxIR

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

    /// What `MAXAI_KERNELS` asks for; nil when it is not set.
    private static let asked: String? = getenv("MAXAI_KERNELS").map { String(cString: $0) }

    private static let chosen: KernelChoice = asked.flatMap(KernelChoice.init) ?? available.last ?? .scalar

    /// - Throws: `.usage` when `MAXAI_KERNELS` names no family, `.unsupported` when this processor cannot run it.
    static func check() throws(MaxError) {
        guard let asked, !asked.isEmpty else { return }
        guard let family = KernelChoice(rawValue: asked) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            throw MaxError(.usage, "MAXAI_KERNELS: found '\(asked)', expected one of \(names), or nothing")
        }
        guard available.contains(family) else {
            let names = available.map(\.rawValue).joined(separator: ", ")
            throw MaxError(.unsupported, "MAXAI_KERNELS: found '\(asked)', but this processor runs \(names)")
        }
    }
}
