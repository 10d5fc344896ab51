// What a test of one value says: the portable definition that general.c and byte columns share.
#pragma once

#include <math.h>

#include "maxai_kernels.h"

static inline int maxai_is_member(const uint64_t *words, int64_t word_count, uint8_t set_rule, double x) {
  if (x != x) return 0;
  if (set_rule == 0 && x < 0) return 0;
  double whole = trunc(x);
  if (set_rule == 2 && whole != x) return 0;
  if (whole < 0 || whole >= 9223372036854775808.0) return 0;
  int64_t position = (int64_t)whole;
  if (position / 64 >= word_count) return 0;
  return (int)(words[position / 64] >> (position % 64) & 1);
}

static inline int maxai_is_zero(double x) { return fabs(x) <= (double)1e-35f; }

// 1 or 0 when the missing policy decides; -1 when the comparison does, NaN then being replaced as the policy
// says.
static inline int maxai_missing_decides(uint8_t missing, double *x) {
  int goes_true = missing >> 2 & 1;
  switch (missing & 3) {
    case 1:
      return *x != *x ? goes_true : -1;
    case 2:
      return *x != *x || maxai_is_zero(*x) ? goes_true : -1;
    case 3:
      if (*x != *x) *x = 0;
      return -1;
    default:
      return -1;
  }
}

// Comparisons 0 ... 5. f32 values compare in f64 as they do in f32, so one test serves both.
static inline int maxai_compares(uint8_t comparison, double x, double threshold) {
  switch (comparison) {
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
    default:
      return x != threshold;
  }
}

// What a node says of x, which was rounded to the threshold's type.
static inline int maxai_node_is_true(const maxai_trees *t, const maxai_any_node *node, double x) {
  int decided = maxai_missing_decides(node->missing, &x);
  if (decided >= 0) return decided;
  if (node->comparison != 6) return maxai_compares(node->comparison, x, node->threshold);
  int64_t first = t->set_offsets[node->set];
  return maxai_is_member(t->set_words + first, t->set_offsets[node->set + 1] - first, t->set_rule, x);
}
