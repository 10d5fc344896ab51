// The bytes that trees compare: a value's rank is found in two steps of sixteen thresholds.
#include "byte_columns.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

// How many of sixteen thresholds are not above value.
AVX512_INLINE unsigned count_f32(const float *t, float value) {
  return (unsigned)_mm_popcnt_u32(_mm512_cmp_ps_mask(_mm512_set1_ps(value), _mm512_loadu_ps(t), _CMP_GE_OQ));
}
AVX512_INLINE unsigned count_f64(const double *t, double value) {
  __m512d v = _mm512_set1_pd(value);
  unsigned low = _mm512_cmp_pd_mask(v, _mm512_loadu_pd(t), _CMP_GE_OQ);
  unsigned high = _mm512_cmp_pd_mask(v, _mm512_loadu_pd(t + 8), _CMP_GE_OQ);
  return (unsigned)_mm_popcnt_u32(low | high << 8);
}

AVX512_INLINE uint8_t rank_f32(const maxai_rank_column *c, int is_wide, float value) {
  if (!is_wide) return (uint8_t)count_f32(c->thresholds, value);
  unsigned group = count_f32(c->first, value);
  return (uint8_t)(16 * group + count_f32((const float *)c->thresholds + 16 * group, value));
}
AVX512_INLINE uint8_t rank_f64(const maxai_rank_column *c, int is_wide, double value) {
  if (!is_wide) return (uint8_t)count_f64(c->thresholds, value);
  unsigned group = count_f64(c->first, value);
  return (uint8_t)(16 * group + count_f64((const double *)c->thresholds + 16 * group, value));
}

// The common case: f32 values, NaN the only missing one.
AVX512_INLINE void plain_value(const maxai_rank_column *c, int is_wide, float value, uint8_t *left,
                               uint8_t *right, size_t at) {
  uint8_t rank = rank_f32(c, is_wide, value);
  if (left) left[at] = rank;
  if (right) right[at] = value != value ? 255 : rank;
}

AVX512_INLINE void plain_rows(const maxai_rank_column *c, int is_wide, const float *x, size_t rows,
                              uint8_t *left, uint8_t *right) {
  if (rows < 64) {
    for (size_t i = 0; i < rows; i++) plain_value(c, is_wide, x[i], left, right, maxai_position(i));
    return;
  }
  for (size_t q = 0; q < 4; q++)
    for (size_t j = 0; j < 16; j++) plain_value(c, is_wide, x[16 * q + j], left, right, 4 * j + q);
}

// `step` is 64, rows in the order of bytes, or 1 for one row.
AVX512_INLINE void plain_column(const maxai_rank_column *c, const float *x, size_t rows, size_t step,
                                uint8_t *bytes) {
  uint8_t *left = c->out[MAXAI_NAN_LEFT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_LEFT] * step;
  uint8_t *right = c->out[MAXAI_NAN_RIGHT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_RIGHT] * step;
  int is_wide = c->count > 16;
  if (step == 1) {
    plain_value(c, is_wide, *x, left, right, 0);
  } else if (is_wide) {
    if (!right)
      plain_rows(c, 1, x, rows, left, 0);
    else if (!left)
      plain_rows(c, 1, x, rows, 0, right);
    else
      plain_rows(c, 1, x, rows, left, right);
  } else {
    plain_rows(c, 0, x, rows, left, right);
  }
}

AVX512_INLINE void rank_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x,
                               size_t stride, size_t first, size_t rows, size_t step, uint8_t *bytes) {
  int is_plain = c->out[MAXAI_ZERO_LEFT] < 0 && c->out[MAXAI_ZERO_RIGHT] < 0 && c->out[MAXAI_NAN_ZERO] < 0;
  if (is_plain && !t->x_is_f64) {
    plain_column(c, (const float *)x + (size_t)c->source * stride + first, rows, step, bytes);
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    double value = maxai_value(t, x, c->source, stride, first + i);
    int is_wide = c->count > 16;
    uint8_t rank = t->compares_f64 ? rank_f64(c, is_wide, value) : rank_f32(c, is_wide, (float)value);
    maxai_store_rank(c, value, rank, step, bytes + (step == 64 ? maxai_position(i) : i));
  }
}

// The bits of a set are 32 bytes: two shuffles find a row's byte, and a test its bit.
AVX512_INLINE void set_columns(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                               size_t rows, uint8_t *bytes) {
  const __m512i one = _mm512_set1_epi8(1);
  const __m512i bits = _mm512_set1_epi64((long long)0x8040201008040201ull);
  for (int32_t k = 0; k < t->category_count; k++) {
    const maxai_category_column *c = t->categories + k;
    uint8_t *from = bytes + (size_t)c->out * 64, *to = bytes + (size_t)c->first_set * 64;
    maxai_categories(t, c, x, stride, first, rows, from);
    __m512i category = _mm512_loadu_si512(from);
    __m512i at = _mm512_and_si512(_mm512_srli_epi16(category, 3), _mm512_set1_epi8(15));
    __m512i bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(category, _mm512_set1_epi8(7)));
    __mmask64 is_high = _mm512_movepi8_mask(category);
    for (size_t set = 0; set < (size_t)c->set_count; set++, to += 64) {
      const __m128i *table = (const __m128i *)(c->by_set + 32 * set);
      __m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128(table));
      __m512i high = _mm512_broadcast_i32x4(_mm_loadu_si128(table + 1));
      __m512i found = _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(low, at), is_high, high, at);
      _mm512_storeu_si512(to, _mm512_maskz_mov_epi8(_mm512_test_epi8_mask(found, bit), one));
    }
  }
}

AVX512 void maxai_byte_columns_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                                      size_t rows, size_t step, uint8_t *bytes) {
  if (step == 64)
    for (int32_t c = 0; c < t->rank_count; c++)
      rank_column(t, t->ranks + c, x, stride, first, rows, 64, bytes);
  else
    for (int32_t c = 0; c < t->rank_count; c++) rank_column(t, t->ranks + c, x, stride, first, 1, 1, bytes);
  if (step == 1)
    maxai_row_sets(t, x, stride, first, bytes);
  else
    set_columns(t, x, stride, first, rows, bytes);
  maxai_test_columns(t, x, stride, first, rows, step, bytes);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX512 here.
void maxai_byte_columns_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                               size_t rows, size_t step, uint8_t *bytes) {
  maxai_byte_columns_scalar(t, x, stride, first, rows, step, bytes);
}
#endif
