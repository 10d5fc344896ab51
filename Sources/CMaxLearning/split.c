#include <math.h>

#include "maxai_learning.h"
#include "variants.h"

// Gains of all splits between bins; `gm`, `hm`: the sums of missing rows that go left.
MAXAI_BODY void gains_of(const double* gl, const double* hl, size_t n, double gm, double hm,
                         const maxai_leaf* leaf, double* gains) {
  double g = (double)leaf->g * leaf->g_scale, h = (double)leaf->h * leaf->h_scale;
  double l2 = leaf->l2, min_h = leaf->min_hessian;
  double min_rows_h = leaf->min_rows / leaf->rows_per_h * leaf->h_scale;
  if (min_rows_h > min_h) min_h = min_rows_h;
  for (size_t b = 0; b < n; b++) {
    double left_g = gl[b] + gm, left_h = hl[b] + hm;
    double right_g = g - left_g, right_h = h - left_h;
    double gain = left_g * left_g / (left_h + l2) + right_g * right_g / (right_h + l2);
    gains[b] = ((left_h >= min_h) & (right_h >= min_h)) ? gain : -INFINITY;
  }
}

MAXAI_BODY maxai_split maxai_best_split_body(const int64_t* sums, size_t bins, int has_missing,
                                             const maxai_leaf* leaf) {
  double gl[MAXAI_BINS], hl[MAXAI_BINS], gains[MAXAI_BINS];
  maxai_split best = {.gain = -INFINITY, .bin = -1};
  int64_t missing_g = has_missing ? sums[MAXAI_MISSING_BIN] : 0;
  int64_t missing_h = has_missing ? sums[MAXAI_BINS + MAXAI_MISSING_BIN] : 0;
  // Behind the last bin of values only missing rows are left.
  size_t n = has_missing ? bins : bins > 0 ? bins - 1 : 0;
  int64_t g = 0, h = 0;
  for (size_t b = 0; b < n; b++) {
    g += sums[b];
    h += sums[MAXAI_BINS + b];
    gl[b] = (double)g * leaf->g_scale;
    hl[b] = (double)h * leaf->h_scale;
  }
  for (int left = 0; left <= has_missing; left++) {
    double gm = left ? (double)missing_g * leaf->g_scale : 0,
           hm = left ? (double)missing_h * leaf->h_scale : 0;
    // With missing rows on the left, everything would be.
    size_t count = left && n > 0 ? n - 1 : n;
    gains_of(gl, hl, count, gm, hm, leaf, gains);
    double top = -INFINITY;
    for (size_t b = 0; b < count; b++) top = gains[b] > top ? gains[b] : top;
    if (!(top > best.gain)) continue;
    for (size_t b = 0; b < count; b++) {
      if (gains[b] == top) {
        best = (maxai_split){.gain = top, .bin = (int32_t)b, .missing_left = left};
        break;
      }
    }
  }
  if (best.bin < 0) return best;
  best.g = best.missing_left ? missing_g : 0;
  best.h = best.missing_left ? missing_h : 0;
  for (int32_t b = 0; b <= best.bin; b++) {
    best.g += sums[b];
    best.h += sums[MAXAI_BINS + b];
  }
  return best;
}

MAXAI_VARIANTS(maxai_split, maxai_best_split,
               (const int64_t* sums, size_t bins, int has_missing, const maxai_leaf* leaf),
               (sums, bins, has_missing, leaf))
