// Path-dependent contributions of columns: the arithmetic of the graph's `tree_contributions`, in its order,
// up to 64 rows side by side.
#include "contributions.h"

#include <string.h>

#pragma clang fp contract(off)

enum { R = 64, S = MAXAI_PATH_SLOTS };

// What each column of a path gets of the leaf's value.
INLINE void shares(const maxai_contributions *c, const double *zero, size_t slots, size_t rows,
                   double (*ones)[R], double (*share)[R]) {
  double before[S + 1][R], factor[S][R], after[R];
  for (size_t j = 0; j < slots; j++)
    for (size_t i = 0; i < rows; i++) share[j][i] = 0;
  for (size_t i = 0; i < rows; i++) before[0][i] = 1;
  for (int32_t q = c->rule_start[slots]; q < c->rule_start[slots + 1]; q++) {
    double t = c->rule_nodes[q], weight = c->rule_weights[q];
    for (size_t j = 0; j < slots; j++) {
      double floor = zero[j] * (1 - t);
      for (size_t i = 0; i < rows; i++) {
        factor[j][i] = floor + ones[j][i] * t;
        before[j + 1][i] = before[j][i] * factor[j][i];
      }
    }
    for (size_t i = 0; i < rows; i++) after[i] = 1;
    for (size_t j = slots; j-- > 0;)
      for (size_t i = 0; i < rows; i++) {
        share[j][i] += weight * (before[j][i] * after[i]);
        after[i] *= factor[j][i];
      }
  }
  for (size_t j = 0; j < slots; j++)
    for (size_t i = 0; i < rows; i++) share[j][i] = (ones[j][i] - zero[j]) * share[j][i];
}

INLINE void add_path(const maxai_contributions *c, int32_t p, const void *x, int x_is_f64, size_t stride,
                     size_t first, size_t rows, uint8_t *decisions, double *out) {
  const maxai_paths *h = &c->paths;
  const maxai_trees *t = &h->trees;
  uint8_t holds[S][R], reached[R];
  double ones[S][R], share[S][R];
  size_t slots = (size_t)(h->slot_start[p + 1] - h->slot_start[p]), width = (size_t)h->columns + 2;
  memset(holds, 1, slots * R);
  memset(reached, 1, R);
  for (int32_t s = h->step_start[p]; s < h->step_start[p + 1]; s++) {
    int32_t level = s - h->step_start[p];
    uint8_t *is_true = decisions + (size_t)level * R, *hold = holds[h->step_slot[s]];
    uint8_t flip = h->step_goes_true[s] ^ 1;
    if (level >= h->shared[p]) maxai_decide(t, h->step_node[s], x, x_is_f64, stride, first, rows, is_true);
    for (size_t i = 0; i < rows; i++) hold[i] &= is_true[i] ^ flip, reached[i] &= is_true[i] ^ flip;
  }
  for (size_t j = 0; j < slots; j++)
    for (size_t i = 0; i < rows; i++) ones[j][i] = holds[j][i];
  shares(c, c->slot_zero + h->slot_start[p], slots, rows, ones, share);
  for (int32_t k = 0; k < t->leaf_stride; k++) {
    double value = maxai_leaf_value(t, (size_t)h->leaf[p] * (size_t)t->leaf_stride + (size_t)k);
    double *to = out + (size_t)(t->tree_output[h->tree[p]] + k) * width * stride + first;
    for (size_t j = 0; j < slots; j++) {
      double *column = to + (size_t)h->slot_column[h->slot_start[p] + (int32_t)j] * stride;
      for (size_t i = 0; i < rows; i++) column[i] += share[j][i] * value;
    }
    // The last column is the score until the end, in the type of the trees' sums.
    double *score = to + (width - 1) * stride;
    for (size_t i = 0; i < rows; i++)
      if (reached[i]) score[i] = maxai_add_score(t, score[i], value);
  }
}

INLINE void block(const maxai_contributions *c, const void *x, int x_is_f64, size_t stride, size_t first,
                  size_t rows, uint8_t *decisions, double *out) {
  const maxai_trees *t = &c->paths.trees;
  size_t columns = (size_t)c->paths.columns;
  maxai_open_rows(t, columns, stride, first, rows, out);
  for (int32_t p = 0; p < c->paths.path_count; p++)
    add_path(c, p, x, x_is_f64, stride, first, rows, decisions, out);
  for (int32_t k = 0; k < t->output_count; k++)
    for (size_t i = 0; i < rows; i++)
      maxai_close_row(t, columns, c->average[k], stride,
                      out + (size_t)k * (columns + 2) * stride + first + i);
}

INLINE void all(const maxai_contributions *c, const void *x, int x_is_f64, size_t stride, size_t rows,
                uint8_t *decisions, double *out) {
  for (size_t first = 0; first < rows; first += R)
    if (rows - first >= R)
      block(c, x, x_is_f64, stride, first, R, decisions, out);
    else
      block(c, x, x_is_f64, stride, first, rows - first, decisions, out);
}

void maxai_tree_contributions_scalar(const maxai_contributions *c, const void *x, int x_is_f64, size_t stride,
                                     size_t rows, uint8_t *decisions, double *out) {
  all(c, x, x_is_f64, stride, rows, decisions, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void maxai_tree_contributions_avx2(const maxai_contributions *c,
                                                                   const void *x, int x_is_f64, size_t stride,
                                                                   size_t rows, uint8_t *decisions,
                                                                   double *out) {
  all(c, x, x_is_f64, stride, rows, decisions, out);
}
#else
void maxai_tree_contributions_avx2(const maxai_contributions *c, const void *x, int x_is_f64, size_t stride,
                                   size_t rows, uint8_t *decisions, double *out) {
  all(c, x, x_is_f64, stride, rows, decisions, out);
}
#endif

void maxai_tree_leaves(const maxai_trees *t, const int64_t *numbers, const void *x, int x_is_f64,
                       size_t stride, size_t rows, int64_t *out) {
  for (int32_t tree = 0; tree < t->tree_count; tree++)
    for (size_t row = 0; row < rows; row++) {
      int32_t place = t->roots[tree];
      while (place >= 0) {
        uint8_t is_true;
        maxai_decide(t, place, x, x_is_f64, stride, row, 1, &is_true);
        place = t->nodes[place].child[is_true];
      }
      out[(size_t)tree * stride + row] = numbers[~place];
    }
}
