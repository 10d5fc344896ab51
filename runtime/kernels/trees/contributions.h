// What both kinds of contributions share.
#pragma once

#include "tests.h"

#pragma clang fp contract(off)

#define INLINE static inline __attribute__((always_inline))

INLINE void maxai_decide(const maxai_trees *t, int32_t place, const void *x, int x_is_f64, size_t stride,
                         size_t first, size_t rows, uint8_t *is_true) {
  const maxai_any_node *node = t->nodes + place;
  size_t at = (size_t)node->column * stride + first;
  for (size_t i = 0; i < rows; i++) {
    double value = x_is_f64 ? ((const double *)x)[at + i] : ((const float *)x)[at + i];
    is_true[i] = (uint8_t)maxai_node_is_true(t, node, t->threshold_is_f64 ? value : (float)value);
  }
}

INLINE double maxai_leaf_value(const maxai_trees *t, size_t index) {
  return t->leaf_is_f64 ? ((const double *)t->leaf_values)[index] : ((const float *)t->leaf_values)[index];
}

// Zeros, and in the last column the score that the trees start from.
INLINE void maxai_open_rows(const maxai_trees *t, size_t columns, size_t stride, size_t first, size_t rows,
                            double *out) {
  size_t width = columns + 2;
  for (int32_t k = 0; k < t->output_count; k++) {
    double *to = out + (size_t)k * width * stride + first;
    double start = t->leaf_is_f64 ? ((const double *)t->base)[k] : ((const float *)t->base)[k];
    for (size_t j = 0; j < width; j++)
      for (size_t i = 0; i < rows; i++) to[j * stride + i] = j + 1 < width ? 0 : start;
  }
}

// A leaf's value added to the score, in the type of the trees' sums.
INLINE double maxai_add_score(const maxai_trees *t, double score, double value) {
  return t->leaf_is_f64 ? score + value : (float)score + (float)value;
}

// Fills in base and rest, so that all add up to the score, which stands where the rest will.
INLINE void maxai_close_row(const maxai_trees *t, size_t columns, double average, size_t stride,
                            double *part) {
  double *base = part + columns * stride, *rest = base + stride, score = *rest, sum = 0;
  if (t->is_average && t->tree_count > 0) {
    double trees = t->tree_count;
    score = t->leaf_is_f64 ? score / trees : (float)score / (float)trees;
    for (size_t j = 0; j < columns; j++) part[j * stride] /= trees;
  }
  for (size_t j = 0; j < columns; j++) sum += part[j * stride];
  if (!__builtin_isfinite(score) || !__builtin_isfinite(sum + average)) {
    for (size_t j = 0; j < columns; j++) part[j * stride] = 0;
    *base = score;
    *rest = 0;
    return;
  }
  *base = average;
  *rest = score - (sum + average);
  if (sum + average + *rest == score) return;
  *base = score - sum;
  *rest = score - (sum + *base);
}
