// One row through all trees: its bytes stay in registers, and every node of a full tree is tested at once.
#include "byte_row.h"

#pragma clang fp contract(off)

#if defined(__x86_64__)
#include <immintrin.h>

#define VBMI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,popcnt,bmi,bmi2")))
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

enum { lanes = MAXAI_TREES_IN_FLIGHT };

// The leaves of eight trees of one shape.
VBMI_INLINE void codes_of(const maxai_byte_trees *t, int32_t tree, unsigned shape, int registers,
                          const row256 *row, uint64_t *code) {
  uint64_t word[lanes];
  for (int k = 0; k < lanes; k++) word[k] = decisions(t, tree + k, registers, row);
  if (shape > MAXAI_OBLIVIOUS) {
    // Its levels stand in the order of a leaf's bits.
    for (int k = 0; k < lanes; k++) code[k] = word[k] & ((1u << (shape - MAXAI_OBLIVIOUS)) - 1);
    return;
  }
  for (int k = 0; k < lanes; k++) code[k] = 1;
  for (unsigned level = 0; level < shape; level++)
    for (int k = 0; k < lanes; k++) code[k] = maxai_step_down(code[k], word[k]);
  for (int k = 0; k < lanes; k++) code[k] -= 1u << shape;
}

// The first leaf that no node takes away.
VBMI_INLINE uint64_t free_code(const maxai_byte_trees *t, int32_t tree, int registers, const row256 *row) {
  size_t groups = (size_t)t->row_mask_groups;
  const uint64_t *masks = t->row_masks + 8 * groups * (size_t)tree;
  uint64_t word = decisions(t, tree, registers, row);
  __m512i left = _mm512_set1_epi64(-1);
  for (size_t g = 0; g < groups; g++, word >>= 8)
    left = _mm512_mask_and_epi64(left, (__mmask8)word, left, _mm512_loadu_si512(masks + 8 * g));
  return _tzcnt_u64((uint64_t)_mm512_reduce_and_epi64(left));
}

VBMI_INLINE int is_small(const maxai_byte_trees *t, int32_t tree) {
  return t->shape[tree] == MAXAI_FREE_SHAPE && t->node_count[tree] < 64;
}

// The leaf of one tree of any shape.
VBMI_INLINE uint8_t code_of(const maxai_byte_trees *t, int32_t tree, int registers, const uint8_t *bytes,
                            const row256 *row) {
  unsigned shape = t->shape[tree];
  if (shape == MAXAI_FREE_SHAPE)
    return is_small(t, tree) ? (uint8_t)free_code(t, tree, registers, row) : maxai_tree_code(t, tree, bytes);
  uint64_t word = decisions(t, tree, registers, row), code = 1;
  if (shape > MAXAI_OBLIVIOUS) return (uint8_t)(word & ((1u << (shape - MAXAI_OBLIVIOUS)) - 1));
  for (unsigned level = 0; level < shape; level++) code = maxai_step_down(code, word);
  return (uint8_t)(code - (1u << shape));
}

// What is summed: the one output of f32 or f64 leaves, or anything.
typedef enum { SUM_F32, SUM_F64, SUM_ANY } sum_kind;

VBMI_INLINE void walk_row(const maxai_byte_trees *t, int registers, sum_kind kind, const uint8_t *bytes,
                          size_t stride, size_t row, void *out) {
  row256 r;
  r.a = r.b = r.c = r.d = _mm512_loadu_si512(bytes);
  if (registers > 1) r.b = _mm512_loadu_si512(bytes + 64);
  if (registers > 2) r.c = _mm512_loadu_si512(bytes + 128), r.d = _mm512_loadu_si512(bytes + 192);
  float sum32 = kind == SUM_F32 ? ((float *)out)[row] : 0;
  double sum64 = kind == SUM_F64 ? ((double *)out)[row] : 0;
  int32_t tree = 0;
  for (; tree + lanes <= t->tree_count; tree += lanes) {
    uint64_t code[lanes];
    uint8_t bytes_of_code[lanes];
    unsigned shape = t->shape[tree];
    if (!maxai_is_uniform(t, tree)) {
      for (int k = 0; k < lanes; k++) code[k] = code_of(t, tree + k, registers, bytes, &r);
    } else if (shape == MAXAI_FREE_SHAPE) {
      int all_small = 1;
      for (int k = 0; k < lanes; k++) all_small &= is_small(t, tree + k);
      if (all_small) {
        for (int k = 0; k < lanes; k++) code[k] = free_code(t, tree + k, registers, &r);
      } else {
        maxai_row_codes(t, tree, lanes, bytes, bytes_of_code);
        for (int k = 0; k < lanes; k++) code[k] = bytes_of_code[k];
      }
    } else if (shape == 6) {
      codes_of(t, tree, 6, registers, &r, code);
    } else {
      codes_of(t, tree, shape, registers, &r, code);
    }
    const int32_t *starts = t->leaf_starts + tree;
    if (kind == SUM_F32) {
      for (int k = 0; k < lanes; k++) sum32 += ((const float *)t->leaves)[(uint64_t)starts[k] + code[k]];
    } else if (kind == SUM_F64) {
      for (int k = 0; k < lanes; k++) sum64 += ((const double *)t->leaves)[(uint64_t)starts[k] + code[k]];
    } else {
      for (int k = 0; k < lanes; k++) bytes_of_code[k] = (uint8_t)code[k];
      maxai_row_add(t, tree, lanes, bytes_of_code, stride, row, out);
    }
  }
  if (kind == SUM_F32) ((float *)out)[row] = sum32;
  if (kind == SUM_F64) ((double *)out)[row] = sum64;
  maxai_row_walks(t, bytes, tree, stride, row, out);
}

VBMI_INLINE void walk(const maxai_byte_trees *t, int registers, const uint8_t *bytes, size_t stride,
                      size_t row, void *out) {
  if (t->output_count > 1)
    walk_row(t, registers, SUM_ANY, bytes, stride, row, out);
  else if (t->leaf_is_f64)
    walk_row(t, registers, SUM_F64, bytes, stride, row, out);
  else
    walk_row(t, registers, SUM_F32, bytes, stride, row, out);
}

VBMI void maxai_byte_trees_row_vbmi(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                                    uint8_t *bytes, void *out) {
  maxai_start_scores(t, stride, rows, out);
  for (size_t row = 0; row < rows; row++) {
    maxai_byte_columns_avx512(t, x, stride, row, 1, 1, bytes);
    if (t->width <= 64)
      walk(t, 1, bytes, stride, row, out);
    else if (t->width <= 128)
      walk(t, 2, bytes, stride, row, out);
    else
      walk(t, 4, bytes, stride, row, out);
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
