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

INLINE void plain_rows(const maxai_rank_column *c, int is_wide, const float *x, uint8_t *left,
                       uint8_t *right) {
  for (size_t q = 0; q < 4; q++)
    for (size_t j = 0; j < 16; j++) plain_value(c, is_wide, x[16 * q + j], left, right, 4 * j + q);
}

INLINE void plain_column(const maxai_rank_column *c, const float *x, uint8_t *bytes) {
  uint8_t *left = c->out[MAXAI_NAN_LEFT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_LEFT] * 64;
  uint8_t *right = c->out[MAXAI_NAN_RIGHT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_RIGHT] * 64;
  if (c->count <= 16)
    plain_rows(c, 0, x, left, right);
  else if (!right)
    plain_rows(c, 1, x, left, 0);
  else if (!left)
    plain_rows(c, 1, x, 0, right);
  else
    plain_rows(c, 1, x, left, right);
}

// Ranks as a policy wants them: `when_missing` where `missing` is 255.
INLINE void policy_column(const maxai_rank_column *c, int policy, const uint8_t *rank, const uint8_t *missing,
                          uint8_t when_missing, uint8_t *bytes) {
  if (c->out[policy] < 0) return;
  uint8_t *to = bytes + (size_t)c->out[policy] * 64;
  for (size_t i = 0; i < 64; i++) to[i] = (uint8_t)((rank[i] & ~missing[i]) | (when_missing & missing[i]));
}

// Any other 64 rows: ranks first, then what the policies make of missing values.
INLINE void policy_columns(const maxai_rank_column *c, int x_is_f64, int compares_f64, const void *x,
                           uint8_t *bytes) {
  uint8_t rank[64], is_nan[64], is_zero[64];
  for (size_t q = 0; q < 4; q++)
    for (size_t j = 0; j < 16; j++) {
      double value = x_is_f64 ? ((const double *)x)[16 * q + j] : ((const float *)x)[16 * q + j];
      if (!compares_f64) value = (float)value;
      rank[4 * j + q] = compares_f64 ? rank_f64(c, 1, value) : rank_f32(c, 1, (float)value);
      is_nan[4 * j + q] = value != value ? 255 : 0;
      is_zero[4 * j + q] = fabs(value) > (double)1e-35f ? 0 : 255;
    }
  policy_column(c, MAXAI_NAN_LEFT, rank, is_nan, 0, bytes);
  policy_column(c, MAXAI_NAN_RIGHT, rank, is_nan, 255, bytes);
  policy_column(c, MAXAI_ZERO_LEFT, rank, is_zero, 0, bytes);
  policy_column(c, MAXAI_ZERO_RIGHT, rank, is_zero, 255, bytes);
  policy_column(c, MAXAI_NAN_ZERO, rank, is_nan, c->rank_of_zero, bytes);
}

INLINE void block_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x,
                         uint8_t *bytes) {
  int is_plain = c->out[MAXAI_ZERO_LEFT] < 0 && c->out[MAXAI_ZERO_RIGHT] < 0 && c->out[MAXAI_NAN_ZERO] < 0;
  if (is_plain && !t->x_is_f64)
    plain_column(c, (const float *)x, bytes);
  else if (!t->x_is_f64)
    policy_columns(c, 0, 0, x, bytes);
  else if (t->compares_f64)
    policy_columns(c, 1, 1, x, bytes);
  else
    policy_columns(c, 1, 0, x, bytes);
}

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
