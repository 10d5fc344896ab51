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
#include "word_codes.h"

// The bits of a set are 32 bytes: two shuffles find a row's byte, and a comparison its bit.
INLINE void set_columns(const maxai_byte_trees *t, const void *x, size_t stride, size_t first, size_t rows,
                        uint8_t *bytes) {
  const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201ull);
  for (int32_t k = 0; k < t->category_count; k++) {
    const maxai_category_column *c = t->categories + k;
    uint8_t *from = bytes + (size_t)c->out * 64;
    maxai_categories(t, c, x, stride, first, rows, from);
    for (int half = 0; half < 64; half += 32) {
      uint8_t *to = bytes + (size_t)c->first_set * 64 + half;
      __m256i category = _mm256_loadu_si256((const __m256i *)(from + half));
      __m256i at = _mm256_and_si256(_mm256_srli_epi16(category, 3), _mm256_set1_epi8(15));
      __m256i bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(category, _mm256_set1_epi8(7)));
      for (size_t set = 0; set < (size_t)c->set_count; set++, to += 64) {
        const __m128i *table = (const __m128i *)(c->by_set + 32 * set);
        __m256i low = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(table)), at);
        __m256i high = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(table + 1)), at);
        __m256i found = _mm256_and_si256(_mm256_blendv_epi8(low, high, category), bit);
        __m256i is_right = _mm256_and_si256(_mm256_cmpeq_epi8(found, bit), _mm256_set1_epi8(1));
        _mm256_storeu_si256((__m256i *)to, is_right);
      }
    }
  }
}

AVX2 void maxai_byte_columns_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                                  size_t rows, size_t step, uint8_t *bytes) {
  rank_columns(t, x, stride, first, rows, step, bytes);
  if (step == 1)
    maxai_row_sets(t, x, stride, first, bytes);
  else
    set_columns(t, x, stride, first, rows, bytes);
  maxai_test_columns(t, x, stride, first, rows, step, bytes);
}

AVX2 void maxai_walk_codes_avx2(const maxai_walk_trees *t, const void *x, size_t stride, size_t rows,
                                uint16_t *codes) {
  word_codes(t, x, stride, rows, codes);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX2_FMA here.
void maxai_byte_columns_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                             size_t rows, size_t step, uint8_t *bytes) {
  maxai_byte_columns_scalar(t, x, stride, first, rows, step, bytes);
}
void maxai_walk_codes_avx2(const maxai_walk_trees *t, const void *x, size_t stride, size_t rows,
                           uint16_t *codes) {
  maxai_walk_codes_scalar(t, x, stride, rows, codes);
}
#endif
