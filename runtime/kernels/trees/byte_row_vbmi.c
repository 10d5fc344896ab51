// One row through all trees: its bytes stay in registers, and every node of a full tree is tested at once.
#include "byte_row.h"

#pragma clang fp contract(off)

#if defined(__x86_64__)
#include <immintrin.h>

#define VBMI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,popcnt,bmi2")))
#define VBMI_INLINE VBMI static inline __attribute__((always_inline))

typedef struct {
  __m512i a, b, c, d;
} row256;

// Bit i: heap node i sends the row right.
VBMI_INLINE uint64_t decisions(const maxai_byte_trees *t, int32_t tree, int registers, const row256 *row) {
  __m512i columns = _mm512_loadu_si512(t->row_columns + 64 * (size_t)tree), bytes;
  __m512i ranks = _mm512_loadu_si512(t->row_ranks + 64 * (size_t)tree);
  if (registers == 1) {
    bytes = _mm512_permutexvar_epi8(columns, row->a);
  } else {
    bytes = _mm512_permutex2var_epi8(row->a, columns, row->b);
    if (registers > 2)
      bytes = _mm512_mask_mov_epi8(bytes, _mm512_movepi8_mask(columns),
                                   _mm512_permutex2var_epi8(row->c, columns, row->d));
  }
  return _mm512_cmpgt_epu8_mask(bytes, ranks);
}

VBMI_INLINE void walk_row(const maxai_byte_trees *t, int registers, const uint8_t *bytes, size_t stride,
                          size_t row, void *out) {
  row256 r;
  r.a = r.b = r.c = r.d = _mm512_loadu_si512(bytes);
  if (registers > 1) r.b = _mm512_loadu_si512(bytes + 64);
  if (registers > 2) r.c = _mm512_loadu_si512(bytes + 128), r.d = _mm512_loadu_si512(bytes + 192);
  enum { n = MAXAI_TREES_IN_FLIGHT };
  int32_t tree = 0;
  for (; tree + n <= t->tree_count; tree += n) {
    uint64_t word[n];
    uint8_t code[n];
    unsigned at[n], shape = t->shape[tree], is_uniform = shape != MAXAI_FREE_SHAPE;
    for (int k = 1; k < n; k++) is_uniform &= t->shape[tree + k] == shape;
    if (!is_uniform) {
      maxai_row_codes(t, tree, n, bytes, code);
      maxai_row_add(t, tree, n, code, stride, row, out);
      continue;
    }
    for (int k = 0; k < n; k++) word[k] = decisions(t, tree + k, registers, &r);
    if (shape > MAXAI_OBLIVIOUS) {
      // Its levels stand in the order of a leaf's bits.
      for (int k = 0; k < n; k++) code[k] = (uint8_t)(word[k] & ((1u << (shape - MAXAI_OBLIVIOUS)) - 1));
    } else {
      for (int k = 0; k < n; k++) at[k] = 1;
      for (unsigned level = 0; level < shape; level++)
        for (int k = 0; k < n; k++) {
          at[k] = maxai_apart(at[k]);
          at[k] = 2 * at[k] + (unsigned)(word[k] >> at[k] & 1);
        }
      for (int k = 0; k < n; k++) code[k] = (uint8_t)(at[k] - (1u << shape));
    }
    maxai_row_add(t, tree, n, code, stride, row, out);
  }
  maxai_row_walks(t, bytes, tree, stride, row, out);
}

VBMI void maxai_byte_trees_row_vbmi(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                                    uint8_t *bytes, void *out) {
  maxai_start_scores(t, stride, rows, out);
  for (size_t row = 0; row < rows; row++) {
    maxai_byte_columns_avx512(t, x, stride, row, 1, 1, bytes);
    if (t->width <= 64)
      walk_row(t, 1, bytes, stride, row, out);
    else if (t->width <= 128)
      walk_row(t, 2, bytes, stride, row, out);
    else
      walk_row(t, 4, bytes, stride, row, out);
  }
  maxai_finish_scores(t, stride, rows, out);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX512_VBMI here.
void maxai_byte_trees_row_vbmi(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                               uint8_t *bytes, void *out) {
  maxai_byte_trees_row_scalar(t, x, stride, rows, bytes, out);
}
#endif
