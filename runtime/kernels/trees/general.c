// Trees with any test: the portable path whose bits all others give.
#include <math.h>

#include "maxai_kernels.h"

#pragma clang fp contract(off)

static int is_member(const maxai_trees *t, double x, int32_t set) {
  if (x != x) return 0;
  if (t->set_rule == 0 && x < 0) return 0;
  double whole = trunc(x);
  if (t->set_rule == 2 && whole != x) return 0;
  if (whole < 0 || whole >= 9223372036854775808.0) return 0;
  int64_t position = (int64_t)whole;
  int64_t first = t->set_offsets[set], words = t->set_offsets[set + 1] - first;
  if (position / 64 >= words) return 0;
  return (int)(t->set_words[first + position / 64] >> (position % 64) & 1);
}

// f32 values compare in f64 as they do in f32, so one test serves both; `x` was rounded to the threshold's
// type.
static int is_true(const maxai_trees *t, int32_t node, double x) {
  double threshold =
      t->threshold_is_f64 ? ((const double *)t->threshold)[node] : ((const float *)t->threshold)[node];
  int goes_true = t->missing[node] >> 2 & 1;
  switch (t->missing[node] & 3) {
    case 1:
      if (x != x) return goes_true;
      break;
    case 2:
      if (x != x || fabs(x) <= (double)1e-35f) return goes_true;
      break;
    case 3:
      if (x != x) x = 0;
      break;
    default:
      break;
  }
  switch (t->comparison[node]) {
    case 0:
      return x <= threshold;
    case 1:
      return x < threshold;
    case 2:
      return x >= threshold;
    case 3:
      return x > threshold;
    case 4:
      return x == threshold;
    case 5:
      return x != threshold;
    default:
      return is_member(t, x, t->set[node]);
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
