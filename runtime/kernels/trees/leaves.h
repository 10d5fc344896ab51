// Adds leaf values to the scores of 64 rows.
#pragma once

#include "maxai_kernels.h"

#pragma clang fp contract(off)

static inline size_t maxai_position(size_t row) { return 4 * (row % 16) + row / 16; }

// `code` has the leaf of each of 64 rows, in the order of byte columns; `out` is the matrix from the first of
// them on.
static inline void maxai_add_leaves(const maxai_byte_trees *t, int32_t tree, const uint8_t *code,
                                    size_t stride, size_t rows, void *out) {
  size_t start = (size_t)t->leaf_starts[tree], width = (size_t)t->leaf_stride;
  for (size_t k = 0; k < width; k++) {
    size_t to = ((size_t)t->tree_output[tree] + k) * stride;
    if (t->leaf_is_f64) {
      const double *leaves = (const double *)t->leaves + start + k;
      for (size_t i = 0; i < rows; i++) ((double *)out)[to + i] += leaves[width * code[maxai_position(i)]];
    } else {
      const float *leaves = (const float *)t->leaves + start + k;
      for (size_t i = 0; i < rows; i++) ((float *)out)[to + i] += leaves[width * code[maxai_position(i)]];
    }
  }
}

static inline void maxai_start_sums(int is_f64, int32_t outputs, const void *base, size_t stride, size_t rows,
                                    void *out) {
  for (int32_t k = 0; k < outputs; k++)
    for (size_t row = 0; row < rows; row++)
      if (is_f64)
        ((double *)out)[k * stride + row] = ((const double *)base)[k];
      else
        ((float *)out)[k * stride + row] = ((const float *)base)[k];
}

static inline void maxai_average_sums(int is_f64, int32_t outputs, int32_t trees, size_t stride, size_t rows,
                                      void *out) {
  if (trees == 0) return;
  for (int32_t k = 0; k < outputs; k++)
    for (size_t row = 0; row < rows; row++)
      if (is_f64)
        ((double *)out)[k * stride + row] /= (double)trees;
      else
        ((float *)out)[k * stride + row] /= (float)trees;
}

static inline void maxai_start_scores(const maxai_byte_trees *t, size_t stride, size_t rows, void *out) {
  maxai_start_sums(t->leaf_is_f64, t->output_count, t->base, stride, rows, out);
}

static inline void maxai_finish_scores(const maxai_byte_trees *t, size_t stride, size_t rows, void *out) {
  if (t->is_average) maxai_average_sums(t->leaf_is_f64, t->output_count, t->tree_count, stride, rows, out);
}
