// The sums of linear leaves, once the leaves that rows reach are known.
#include "tests.h"

#pragma clang fp contract(off)

// The columns that terms read, row by row, with 0 for what counts as zero.
static void gather(const maxai_linear_trees *t, const void *x, int x_is_f64, size_t stride, size_t rows,
                   double *values) {
  size_t width = (size_t)t->column_count;
  for (size_t k = 0; k < width; k++) {
    size_t from = (size_t)t->columns[k] * stride;
    for (size_t row = 0; row < rows; row++) {
      double value = x_is_f64 ? ((const double *)x)[from + row] : ((const float *)x)[from + row];
      values[row * width + k] = maxai_is_zero(value) ? 0 : value;
    }
  }
}

void maxai_linear_trees_add(const maxai_linear_trees *t, const float *leaf, const void *x, int x_is_f64,
                            size_t stride, size_t rows, double *values, double *out) {
  size_t width = (size_t)t->column_count;
  gather(t, x, x_is_f64, stride, rows, values);
  for (int32_t k = 0; k < t->output_count; k++)
    for (size_t row = 0; row < rows; row++) out[(size_t)k * stride + row] = t->base[k];
  for (int32_t tree = 0; tree < t->tree_count; tree++, leaf += stride) {
    double *to = out + (size_t)t->tree_output[tree] * stride;
    for (size_t row = 0; row < rows; row++) {
      const maxai_linear_leaf *reached = t->leaves + (int32_t)leaf[row];
      const maxai_linear_term *term = t->terms + reached->first;
      const double *from = values + row * width;
      double sum = reached->base;
      int has_nan = 0;
      for (int32_t i = 0; i < reached->count; i++) {
        double value = from[term[i].column];
        has_nan |= value != value;
        sum += term[i].coefficient * value;
      }
      to[row] += has_nan ? reached->value : sum;
    }
  }
  if (!t->is_average || t->tree_count == 0) return;
  for (int32_t k = 0; k < t->output_count; k++)
    for (size_t row = 0; row < rows; row++) out[(size_t)k * stride + row] /= (double)t->tree_count;
}
