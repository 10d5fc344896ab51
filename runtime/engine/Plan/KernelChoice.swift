import CMaxKernels
import Glibc

/// The family of kernels that this process uses: the best that the processor has, unless `MAXAI_KERNELS` names one.
enum KernelChoice: String, Sendable {
    case scalar, avx512

    static let current: KernelChoice = {
        let hasAVX512 = maxai_cpu_features() & UInt32(MAXAI_CPU_AVX512) != 0
        let best = hasAVX512 ? KernelChoice.avx512 : .scalar
        guard let name = getenv("MAXAI_KERNELS"), let asked = KernelChoice(rawValue: String(cString: name)) else { return best }
        return asked == .avx512 ? best : asked
    }()
}
