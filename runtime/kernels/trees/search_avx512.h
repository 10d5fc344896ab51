// Ranks of many values at once: a binary search whose probes permutations find.
//
// The probes of a level stand side by side, those of level k from 2^k on (the layout of Eytzinger, as in
// Khuong and Morin, "Array layouts for comparison-based searching", 2017): a value's place in the search is
// the index of its next probe, and the low bits of that are what a permutation takes.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define SEARCH                                                                       \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt"))) static inline \
      __attribute__((always_inline))

// Element `at` of 32 << `bits`, whose bits above the fifth are in `high`, the highest first.
SEARCH __m512 pick_f32_0(const float *e, __m512i at, const __mmask16 *high) {
  (void)high;
  return _mm512_permutex2var_ps(_mm512_loadu_ps(e), at, _mm512_loadu_ps(e + 16));
}
#define PICK(bits, below)                                                                      \
  SEARCH __m512 pick_f32_##bits(const float *e, __m512i at, const __mmask16 *high) {           \
    __m512 low = pick_f32_##below(e, at, high + 1);                                            \
    return _mm512_mask_mov_ps(low, high[0], pick_f32_##below(e + (16 << bits), at, high + 1)); \
  }
PICK(1, 0)
PICK(2, 1)
#undef PICK

SEARCH __m512 probe_f32(const float *e, int level, __m512i at, const __mmask16 *high) {
  if (level < 4) return _mm512_permutexvar_ps(at, _mm512_loadu_ps(e));
  if (level == 4) return _mm512_permutexvar_ps(at, _mm512_loadu_ps(e + 16));
  if (level == 5) return pick_f32_0(e + 32, at, high);
  return level == 6 ? pick_f32_1(e + 64, at, high) : pick_f32_2(e + 128, at, high);
}

// How many thresholds are not above each of 16 values.
SEARCH __m512i search_f32(const float *e, int levels, __m512 value) {
  const __m512i one = _mm512_set1_epi32(1);
  __mmask16 went[8];
  __m512i at = one;
  for (int k = 0; k < levels; k++) {
    went[k] = _mm512_cmp_ps_mask(value, probe_f32(e, k, at, went), _CMP_GE_OQ);
    at = _mm512_add_epi32(at, at);
    at = _mm512_mask_add_epi32(at, went[k], at, one);
  }
  return _mm512_sub_epi32(at, _mm512_set1_epi32(1 << levels));
}

// As pick_f32, of 16 << `bits`.
SEARCH __m512d pick_f64_0(const double *e, __m512i at, const __mmask8 *high) {
  (void)high;
  return _mm512_permutex2var_pd(_mm512_loadu_pd(e), at, _mm512_loadu_pd(e + 8));
}
#define PICK(bits, below)                                                                     \
  SEARCH __m512d pick_f64_##bits(const double *e, __m512i at, const __mmask8 *high) {         \
    __m512d low = pick_f64_##below(e, at, high + 1);                                          \
    return _mm512_mask_mov_pd(low, high[0], pick_f64_##below(e + (8 << bits), at, high + 1)); \
  }
PICK(1, 0)
PICK(2, 1)
PICK(3, 2)
#undef PICK

SEARCH __m512d probe_f64(const double *e, int level, __m512i at, const __mmask8 *high) {
  if (level < 3) return _mm512_permutexvar_pd(at, _mm512_loadu_pd(e));
  if (level == 3) return _mm512_permutexvar_pd(at, _mm512_loadu_pd(e + 8));
  if (level == 4) return pick_f64_0(e + 16, at, high);
  if (level == 5) return pick_f64_1(e + 32, at, high);
  return level == 6 ? pick_f64_2(e + 64, at, high) : pick_f64_3(e + 128, at, high);
}

// How many thresholds are not above each of 8 values.
SEARCH __m256i search_f64(const double *e, int levels, __m512d value) {
  const __m512i one = _mm512_set1_epi64(1);
  __mmask8 went[8];
  __m512i at = one;
  for (int k = 0; k < levels; k++) {
    went[k] = _mm512_cmp_pd_mask(value, probe_f64(e, k, at, went), _CMP_GE_OQ);
    at = _mm512_add_epi64(at, at);
    at = _mm512_mask_add_epi64(at, went[k], at, one);
  }
  return _mm512_cvtepi64_epi32(_mm512_sub_epi64(at, _mm512_set1_epi64(1 << levels)));
}

// 64 rows of a column in the order of byte columns: ranks, and 255 where the value is NaN or is as good as
// zero.
typedef struct {
  __m512i rank, is_nan, is_zero;
} ranked;

SEARCH void place(ranked *out, unsigned q, __m512i rank, __mmask16 is_nan, __mmask16 is_zero) {
  const __m512i all = _mm512_set1_epi32((int)(255u << 8 * q));
  out->rank = _mm512_or_si512(out->rank, _mm512_slli_epi32(rank, 8 * q));
  out->is_nan = _mm512_or_si512(out->is_nan, _mm512_maskz_mov_epi32(is_nan, all));
  out->is_zero = _mm512_or_si512(out->is_zero, _mm512_maskz_mov_epi32(is_zero, all));
}

SEARCH ranked ranked_f32(const float *e, int levels, const float *x) {
  ranked out = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (unsigned q = 0; q < 4; q++) {
    __m512 v = _mm512_loadu_ps(x + 16 * q);
    place(&out, q, search_f32(e, levels, v), _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q),
          _mm512_cmp_ps_mask(_mm512_abs_ps(v), _mm512_set1_ps(1e-35f), _CMP_LE_OQ));
  }
  return out;
}

// `compares` is 0 where values are rounded to f32 before they are compared.
SEARCH ranked ranked_f64(const void *e, int levels, int compares, const double *x) {
  const __m512d smallest = _mm512_set1_pd((double)1e-35f);
  ranked out = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (unsigned q = 0; q < 4; q++) {
    __m512d a = _mm512_loadu_pd(x + 16 * q), b = _mm512_loadu_pd(x + 16 * q + 8);
    __m512i rank;
    if (compares) {
      rank = _mm512_inserti64x4(_mm512_castsi256_si512(search_f64((const double *)e, levels, a)),
                                search_f64((const double *)e, levels, b), 1);
    } else {
      __m512 v = _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(a)), _mm512_cvtpd_ps(b), 1);
      rank = search_f32((const float *)e, levels, v);
      a = _mm512_cvtps_pd(_mm512_castps512_ps256(v)), b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
    }
    unsigned nan_low = _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q),
             nan_high = _mm512_cmp_pd_mask(b, b, _CMP_UNORD_Q);
    unsigned zero_low = _mm512_cmp_pd_mask(_mm512_abs_pd(a), smallest, _CMP_LE_OQ);
    unsigned zero_high = _mm512_cmp_pd_mask(_mm512_abs_pd(b), smallest, _CMP_LE_OQ);
    place(&out, q, rank, (__mmask16)(nan_low | nan_high << 8), (__mmask16)(zero_low | zero_high << 8));
  }
  return out;
}
#endif
