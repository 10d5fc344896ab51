// The bytes that trees compare. Of one row's value, a rank is found in two steps of sixteen thresholds; of 64
// rows by a binary search.
#include "byte_columns.h"
#include "search_avx512.h"

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

#define INLINE AVX512_INLINE
#include "rank_columns.h"
#include "word_codes.h"

// Ranks as a policy wants them.
AVX512_INLINE void store_ranks(const maxai_rank_column *c, int policy, const ranked *r, __m512i missing,
                               uint8_t when_missing, uint8_t *bytes) {
  if (c->out[policy] < 0) return;
  __m512i when = _mm512_set1_epi8((char)when_missing);
  // missing ? when : rank
  _mm512_storeu_si512(bytes + (size_t)c->out[policy] * 64,
                      _mm512_ternarylogic_epi64(missing, when, r->rank, 0xca));
}

AVX512_INLINE void store_policies(const maxai_rank_column *c, ranked r, uint8_t *bytes) {
  store_ranks(c, MAXAI_NAN_LEFT, &r, r.is_nan, 0, bytes);
  store_ranks(c, MAXAI_NAN_RIGHT, &r, r.is_nan, 255, bytes);
  store_ranks(c, MAXAI_ZERO_LEFT, &r, r.is_zero, 0, bytes);
  store_ranks(c, MAXAI_ZERO_RIGHT, &r, _mm512_or_si512(r.is_zero, r.is_nan), 255, bytes);
  store_ranks(c, MAXAI_NAN_ZERO, &r, r.is_nan, c->rank_of_zero, bytes);
}

// One function per number of levels, with the probes in registers as far as they fit.
#define LEVELS(levels)                                                                                   \
  AVX512 static void block##levels(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x, \
                                   uint8_t *bytes) {                                                     \
    store_policies(c,                                                                                    \
                   !t->x_is_f64      ? ranked_f32((const float *)c->search, levels, (const float *)x)    \
                   : t->compares_f64 ? ranked_f64(c->search, levels, 1, (const double *)x)               \
                                     : ranked_f64(c->search, levels, 0, (const double *)x),              \
                   bytes);                                                                               \
  }
LEVELS(4)
LEVELS(5)
LEVELS(6)
LEVELS(7)
LEVELS(8)
#undef LEVELS

AVX512_INLINE void block_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x,
                                uint8_t *bytes) {
  switch (c->search_levels) {
    case 4:
      block4(t, c, x, bytes);
      break;
    case 5:
      block5(t, c, x, bytes);
      break;
    case 6:
      block6(t, c, x, bytes);
      break;
    case 7:
      block7(t, c, x, bytes);
      break;
    default:
      block8(t, c, x, bytes);
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
  rank_columns(t, x, stride, first, rows, step, bytes);
  if (step == 1)
    maxai_row_sets(t, x, stride, first, bytes);
  else
    set_columns(t, x, stride, first, rows, bytes);
  maxai_test_columns(t, x, stride, first, rows, step, bytes);
}

AVX512 void maxai_walk_codes_avx512(const maxai_walk_trees *t, const void *x, size_t stride, size_t rows,
                                    uint16_t *codes) {
  word_codes(t, x, stride, rows, codes);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX512 here.
void maxai_byte_columns_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                               size_t rows, size_t step, uint8_t *bytes) {
  maxai_byte_columns_scalar(t, x, stride, first, rows, step, bytes);
}
void maxai_walk_codes_avx512(const maxai_walk_trees *t, const void *x, size_t stride, size_t rows,
                             uint16_t *codes) {
  maxai_walk_codes_scalar(t, x, stride, rows, codes);
}
#endif
