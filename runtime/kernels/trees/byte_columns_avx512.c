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
  group -= group != 0;
  return (uint8_t)(16 * group + count_f32((const float *)c->thresholds + 16 * group, value));
}
AVX512_INLINE uint8_t rank_f64(const maxai_rank_column *c, int is_wide, double value) {
  if (!is_wide) return (uint8_t)count_f64(c->thresholds, value);
  unsigned group = count_f64(c->first, value);
  group -= group != 0;
  return (uint8_t)(16 * group + count_f64((const double *)c->thresholds + 16 * group, value));
}

// The common case: f32 values in an order of bytes, NaN the only missing value.
AVX512_INLINE void plain_column(const maxai_rank_column *c, int is_wide, const float *x, size_t rows,
                                uint8_t *bytes) {
  uint8_t *left = c->out[MAXAI_NAN_LEFT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_LEFT] * 64;
  uint8_t *right = c->out[MAXAI_NAN_RIGHT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_RIGHT] * 64;
  if (!right) {
    for (size_t i = 0; i < rows; i++) left[maxai_position(i)] = rank_f32(c, is_wide, x[i]);
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    uint8_t rank = rank_f32(c, is_wide, x[i]);
    if (left) left[maxai_position(i)] = rank;
    right[maxai_position(i)] = x[i] != x[i] ? 255 : rank;
  }
}

AVX512_INLINE void rank_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x,
                               size_t stride, size_t first, size_t rows, size_t step, uint8_t *bytes) {
  int is_wide = c->count > 16;
  int is_plain = c->out[MAXAI_ZERO_LEFT] < 0 && c->out[MAXAI_ZERO_RIGHT] < 0 && c->out[MAXAI_NAN_ZERO] < 0;
  if (is_plain && !t->x_is_f64 && step == 64) {
    const float *from = (const float *)x + (size_t)c->source * stride + first;
    if (is_wide)
      plain_column(c, 1, from, rows, bytes);
    else
      plain_column(c, 0, from, rows, bytes);
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    double value = maxai_value(t, x, c->source, stride, first + i);
    uint8_t rank = t->compares_f64 ? rank_f64(c, is_wide, value) : rank_f32(c, is_wide, (float)value);
    maxai_store_rank(c, value, rank, step, bytes + (step == 64 ? maxai_position(i) : i));
  }
}

AVX512 void maxai_byte_columns_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                                      size_t rows, size_t step, uint8_t *bytes) {
  for (int32_t c = 0; c < t->rank_count; c++)
    rank_column(t, t->ranks + c, x, stride, first, rows, step, bytes);
  maxai_category_columns(t, x, stride, first, rows, step, bytes);
  maxai_test_columns(t, x, stride, first, rows, step, bytes);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX512 here.
void maxai_byte_columns_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                               size_t rows, size_t step, uint8_t *bytes) {
  maxai_byte_columns_scalar(t, x, stride, first, rows, step, bytes);
}
#endif
