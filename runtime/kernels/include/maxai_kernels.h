// MaxAI's kernels: arithmetic on raw buffers. No allocation, no I/O, no knowledge of graphs.
//
// Every function checks nothing: what it indexes was validated when the model was loaded.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The instruction sets this processor and operating system offer, as bits of one word.
enum {
  MAXAI_CPU_AVX2_FMA = 1u << 0,
  MAXAI_CPU_AVX512 = 1u << 1,  // F, BW, DQ and VL
  MAXAI_CPU_AVX512_VBMI = 1u << 2,
  MAXAI_CPU_AVX512_VNNI = 1u << 3,
  MAXAI_CPU_AVX512_BF16 = 1u << 4,
};

uint32_t maxai_cpu_features(void);
