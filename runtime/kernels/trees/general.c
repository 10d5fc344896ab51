// Trees with any test: the portable path whose bits all others give.
#include "tests.h"

#pragma clang fp contract(off)

// `x` was rounded to the threshold's type.
static int is_true(const maxai_trees *t, int32_t node, double x) {
  int decided = maxai_missing_decides(t->missing[node], &x);
  if (decided >= 0) return decided;
  if (t->comparison[node] == 6) {
    int64_t first = t->set_offsets[t->set[node]];
    return maxai_is_member(t->set_words + first, t->set_offsets[t->set[node] + 1] - first, t->set_rule, x);
  }
  double threshold =
      t->threshold_is_f64 ? ((const double *)t->threshold)[node] : ((const float *)t->threshold)[node];
  return maxai_compares(t->comparison[node], x, threshold);
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
    for (size_t row = 0; row < rows; row++) {
      int32_t place = t->roots[tree];
      while (place >= 0) {
        size_t at = (size_t)t->column[place] * stride + row;
        double value = x_is_f64 ? ((const double *)x)[at] : ((const float *)x)[at];
        if (!t->threshold_is_f64) value = (float)value;
        place = is_true(t, place, value) ? t->true_child[place] : t->false_child[place];
      }
      size_t leaf = (size_t)~place * (size_t)t->leaf_stride;
      for (int32_t k = 0; k < t->leaf_stride; k++) {
        size_t to = (size_t)(t->tree_output[tree] + k) * stride + row;
        if (t->leaf_is_f64)
          out64[to] += ((const double *)t->leaf_values)[leaf + k];
        else
          out32[to] += ((const float *)t->leaf_values)[leaf + k];
      }
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
