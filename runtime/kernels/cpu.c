#include "maxai_kernels.h"

uint32_t maxai_cpu_features(void) {
  uint32_t features = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) features |= MAXAI_CPU_AVX2_FMA;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    features |= MAXAI_CPU_AVX512;
    if (__builtin_cpu_supports("avx512vbmi")) features |= MAXAI_CPU_AVX512_VBMI;
    if (__builtin_cpu_supports("avx512vnni")) features |= MAXAI_CPU_AVX512_VNNI;
    if (__builtin_cpu_supports("avx512bf16")) features |= MAXAI_CPU_AVX512_BF16;
  }
#endif
  return features;
}
