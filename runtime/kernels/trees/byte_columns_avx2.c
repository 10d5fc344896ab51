// The bytes that trees compare, with AVX2.
#include "byte_columns.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))
#define INLINE AVX2 static inline __attribute__((always_inline))

INLINE unsigned count_f32(const float *t, float value) {
  __m256 v = _mm256_set1_ps(value);
  unsigned low = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_loadu_ps(t), _CMP_GE_OQ));
  unsigned high = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_loadu_ps(t + 8), _CMP_GE_OQ));
  return (unsigned)_mm_popcnt_u32(low | high << 8);
}
INLINE unsigned count_f64(const double *t, double value) {
  __m256d v = _mm256_set1_pd(value);
  unsigned found = 0;
  for (unsigned q = 0; q < 4; q++)
    found |= (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(v, _mm256_loadu_pd(t + 4 * q), _CMP_GE_OQ)) << 4 * q;
  return (unsigned)_mm_popcnt_u32(found);
}

#include "rank_columns.h"

AVX2 void maxai_byte_columns_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                                  size_t rows, size_t step, uint8_t *bytes) {
  rank_columns(t, x, stride, first, rows, step, bytes);
  if (step == 1)
    maxai_row_sets(t, x, stride, first, bytes);
  else
    maxai_set_columns(t, x, stride, first, rows, bytes);
  maxai_test_columns(t, x, stride, first, rows, step, bytes);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX2_FMA here.
void maxai_byte_columns_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                             size_t rows, size_t step, uint8_t *bytes) {
  maxai_byte_columns_scalar(t, x, stride, first, rows, step, bytes);
}
#endif
