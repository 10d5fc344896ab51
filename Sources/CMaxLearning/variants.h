// One body, compiled for several instruction sets and chosen at run time. Arithmetic is the same in all of
// them: nothing is fused (FP_CONTRACT), nothing is reordered.
#ifndef MAXAI_LEARNING_VARIANTS_H
#define MAXAI_LEARNING_VARIANTS_H

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define MAXAI_AVX2 __attribute__((target("avx2")))
#define MAXAI_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-256-bit")))
#define MAXAI_BODY static inline __attribute__((always_inline))

// Defines `name`, which calls the body `name##_body` with `arguments` as the processor allows.
#define MAXAI_VARIANTS(type, name, parameters, arguments)                             \
  MAXAI_AVX512 static type name##_avx512 parameters { return name##_body arguments; } \
  MAXAI_AVX2 static type name##_avx2 parameters { return name##_body arguments; }     \
  type name parameters {                                                              \
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))     \
      return name##_avx512 arguments;                                                 \
    if (__builtin_cpu_supports("avx2")) return name##_avx2 arguments;                 \
    return name##_body arguments;                                                     \
  }
#else
#define MAXAI_BODY static inline
#define MAXAI_VARIANTS(type, name, parameters, arguments) \
  type name parameters { return name##_body arguments; }
#endif

#endif
