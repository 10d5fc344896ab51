// Adds the leaves of 64 rows to their scores with AVX-512.
#pragma once

#include "leaves.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

// What a leaf holds: known where a kernel is compiled, so that no test of it is in a loop.
enum leaf_kind { LEAF_F32, LEAF_F64, LEAF_VECTOR, LEAF_KINDS };

static inline enum leaf_kind leaf_kind_of(const maxai_byte_trees *t) {
  return t->leaf_stride > 1 ? LEAF_VECTOR : t->leaf_is_f64 ? LEAF_F64 : LEAF_F32;
}

// Up to 64 leaves of a tree in registers, where a permutation finds them; those of f64 are cut into their low
// words and their high ones. More than 64 leaves (`bits` above 6), or vectors of them, stay in memory.
typedef struct {
  const void *leaves;
  __m512i low[4], high[4];
} leaf_table;

AVX512_INLINE int leaf_registers(int bits) { return bits > 5 ? 4 : bits > 4 ? 2 : 1; }

AVX512_INLINE void load_leaves(const maxai_byte_trees *t, int32_t tree, enum leaf_kind kind, int bits,
                               leaf_table *table) {
  size_t start = (size_t)t->leaf_starts[tree];
  if (kind == LEAF_VECTOR) return;
  if (kind == LEAF_F64) {
    const double *leaves = (const double *)t->leaves + start;
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    table->leaves = leaves;
    if (bits > 6) return;
    for (int k = 0; k < leaf_registers(bits); k++) {
      __m512i a = _mm512_loadu_si512(leaves + 16 * k), b = _mm512_loadu_si512(leaves + 16 * k + 8);
      table->low[k] = _mm512_permutex2var_epi32(a, even, b);
      table->high[k] = _mm512_permutex2var_epi32(a, odd, b);
    }
  } else {
    const float *leaves = (const float *)t->leaves + start;
    table->leaves = leaves;
    if (bits > 6) return;
    for (int k = 0; k < leaf_registers(bits); k++) table->low[k] = _mm512_loadu_si512(leaves + 16 * k);
  }
}

// Word `at` of a table; bits above the lowest `bits` of `at` do not count.
AVX512_INLINE __m512i pick_words(const __m512i *words, int bits, __m512i at, __mmask16 is_high) {
  if (bits <= 4) return _mm512_permutexvar_epi32(at, words[0]);
  __m512i word = _mm512_permutex2var_epi32(words[0], at, words[1]);
  return bits <= 5 ? word
                   : _mm512_mask_mov_epi32(word, is_high, _mm512_permutex2var_epi32(words[2], at, words[3]));
}

AVX512_INLINE __mmask16 in_high_half(int bits, __m512i at) {
  return bits > 5 ? _mm512_test_epi32_mask(at, _mm512_set1_epi32(32)) : 0;
}

// Lane j of `to + 16 q` is byte q of lane j.
AVX512_INLINE void add_f32(const leaf_table *table, int bits, __m512i code, float *to) {
  for (int q = 0; q < 4; q++, to += 16) {
    __m512i at = _mm512_srli_epi32(code, (unsigned)(8 * q));
    __m512 leaf = _mm512_castsi512_ps(pick_words(table->low, bits, at, in_high_half(bits, at)));
    _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), leaf));
  }
}

AVX512_INLINE void add_f64(const leaf_table *table, int bits, __m512i code, double *to) {
  const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
  for (int q = 0; q < 4; q++, to += 16) {
    __m512i at = _mm512_srli_epi32(code, (unsigned)(8 * q));
    __mmask16 is_high = in_high_half(bits, at);
    __m512i low = pick_words(table->low, bits, at, is_high),
            high = pick_words(table->high, bits, at, is_high);
    __m512d a = _mm512_castsi512_pd(_mm512_permutex2var_epi32(low, first, high));
    __m512d b = _mm512_castsi512_pd(_mm512_permutex2var_epi32(low, second, high));
    _mm512_storeu_pd(to, _mm512_add_pd(_mm512_loadu_pd(to), a));
    _mm512_storeu_pd(to + 8, _mm512_add_pd(_mm512_loadu_pd(to + 8), b));
  }
}

AVX512_INLINE __m512i lane_codes(__m512i code, int q) {
  return _mm512_and_si512(_mm512_srli_epi32(code, (unsigned)(8 * q)), _mm512_set1_epi32(255));
}

AVX512_INLINE void gather_f32(const float *leaves, __m512i code, float *to) {
  for (int q = 0; q < 4; q++, to += 16) {
    __m512 leaf = _mm512_i32gather_ps(lane_codes(code, q), leaves, 4);
    _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), leaf));
  }
}

AVX512_INLINE void gather_f64(const double *leaves, __m512i code, double *to) {
  for (int q = 0; q < 4; q++, to += 16) {
    __m512i at = lane_codes(code, q);
    __m512d low = _mm512_i32gather_pd(_mm512_castsi512_si256(at), leaves, 8);
    __m512d high = _mm512_i32gather_pd(_mm512_extracti64x4_epi64(at, 1), leaves, 8);
    _mm512_storeu_pd(to, _mm512_add_pd(_mm512_loadu_pd(to), low));
    _mm512_storeu_pd(to + 8, _mm512_add_pd(_mm512_loadu_pd(to + 8), high));
  }
}

// Adds the leaves `code` of 64 rows from `first` on. `to` are the scores of the tree's output, or for vectors
// all scores.
AVX512_INLINE void add_leaves(const maxai_byte_trees *t, int32_t tree, enum leaf_kind kind,
                              const leaf_table *table, int bits, __m512i code, size_t stride, size_t first,
                              void *to) {
  if (kind == LEAF_VECTOR) {
    uint8_t codes[64];
    _mm512_storeu_si512(codes, code);
    maxai_add_leaves(t, tree, codes, stride, 64, (uint8_t *)to + first * (t->leaf_is_f64 ? 8 : 4));
  } else if (kind == LEAF_F64) {
    if (bits <= 6)
      add_f64(table, bits, code, (double *)to + first);
    else
      gather_f64(table->leaves, code, (double *)to + first);
  } else if (bits <= 6) {
    add_f32(table, bits, code, (float *)to + first);
  } else {
    gather_f32(table->leaves, code, (float *)to + first);
  }
}

// Where the scores of a tree's output start.
AVX512_INLINE void *scores_of(const maxai_byte_trees *t, int32_t tree, enum leaf_kind kind, size_t stride,
                              void *out) {
  size_t at = kind == LEAF_VECTOR ? 0 : (size_t)t->tree_output[tree] * stride;
  return kind == LEAF_F64 ? (void *)((double *)out + at) : (void *)((float *)out + at);
}
#endif
