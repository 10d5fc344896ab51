// Trees with any test: the portable path whose bits all others give.
#include "tests.h"

#pragma clang fp contract(off)

enum { lanes = 8 };

static inline int32_t next(const maxai_trees *t, int32_t place, const void *x, int x_is_f64, size_t stride,
                           size_t row) {
  const maxai_any_node *node = t->nodes + place;
  size_t at = (size_t)node->column * stride + row;
  double value = x_is_f64 ? ((const double *)x)[at] : ((const float *)x)[at];
  if (!t->threshold_is_f64) value = (float)value;
  return node->child[maxai_node_is_true(t, node, value)];
}

// What a linear leaf gives a row; values that count as zero are taken for 0.
static double linear_leaf(const maxai_trees *t, int32_t leaf, const void *x, int x_is_f64, size_t stride,
                          size_t row) {
  double sum = t->linear_base[leaf];
  for (int64_t i = t->linear_offsets[leaf]; i < t->linear_offsets[leaf + 1]; i++) {
    size_t at = (size_t)t->linear_columns[i] * stride + row;
    double value = x_is_f64 ? ((const double *)x)[at] : ((const float *)x)[at];
    if (value != value) return ((const double *)t->leaf_values)[leaf];
    sum += t->linear_coefficients[i] * (maxai_is_zero(value) ? 0 : value);
  }
  return sum;
}

static inline void add_leaf(const maxai_trees *t, int32_t tree, int32_t leaf, size_t stride, size_t row,
                            void *out) {
  size_t first = (size_t)leaf * (size_t)t->leaf_stride;
  for (int32_t k = 0; k < t->leaf_stride; k++) {
    size_t to = (size_t)(t->tree_output[tree] + k) * stride + row;
    if (t->leaf_is_f64)
      ((double *)out)[to] += ((const double *)t->leaf_values)[first + k];
    else
      ((float *)out)[to] += ((const float *)t->leaf_values)[first + k];
  }
}

void maxai_trees_general(const maxai_trees *t, const void *x, int x_is_f64, size_t stride, size_t rows,
                         void *out) {
  float *out32 = out;
  double *out64 = out;
  for (int32_t k = 0; k < t->output_count; k++)
    for (size_t row = 0; row < rows; row++)
      if (t->leaf_is_f64)
        out64[k * stride + row] = ((const double *)t->base)[k];
      else
        out32[k * stride + row] = ((const float *)t->base)[k];
  for (int32_t tree = 0; tree < t->tree_count; tree++) {
    int32_t root = t->roots[tree];
    for (size_t row = 0; row < rows; row += lanes) {
      size_t count = rows - row < lanes ? rows - row : lanes;
      int32_t place[lanes];
      for (size_t i = 0; i < count; i++) place[i] = root;
      // Each round takes every row one step, so that the rows' loads overlap.
      for (int active = root >= 0; active;) {
        active = 0;
        for (size_t i = 0; i < count; i++)
          if (place[i] >= 0) {
            place[i] = next(t, place[i], x, x_is_f64, stride, row + i);
            active |= place[i] >= 0;
          }
      }
      if (t->linear_offsets) {
        double *to = out64 + (size_t)t->tree_output[tree] * stride + row;
        for (size_t i = 0; i < count; i++) to[i] += linear_leaf(t, ~place[i], x, x_is_f64, stride, row + i);
        continue;
      }
      for (size_t i = 0; i < count; i++) add_leaf(t, tree, ~place[i], stride, row + i, out);
    }
  }
  if (!t->is_average || t->tree_count == 0) return;
  for (int32_t k = 0; k < t->output_count; k++)
    for (size_t row = 0; row < rows; row++)
      if (t->leaf_is_f64)
        out64[k * stride + row] /= (double)t->tree_count;
      else
        out32[k * stride + row] /= (float)t->tree_count;
}
