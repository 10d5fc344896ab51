// Contributions against background rows: the arithmetic of the graph's `tree_interventional`, in its order.
// Rows that satisfy the same columns of a path share its shares.
#include <string.h>

#include "contributions.h"

#pragma clang fp contract(off)

enum { S = MAXAI_PATH_SLOTS, SIDE = MAXAI_PATH_SLOTS + 1, MEMO_SLOTS = 8, MEMO = 1 << MEMO_SLOTS };

// What each column of path p gets of the leaf's value in a row that satisfies the columns `here`.
INLINE void shares(const maxai_interventional *c, int32_t p, size_t slots, uint64_t full, uint64_t here,
                   double *share) {
  // By p: the background rows with which the leaf is reached, and of those the ones that do not satisfy
  // column j.
  int32_t reach[SIDE], lack[S][SIDE];
  size_t held = (size_t)__builtin_popcountll(here), q = slots - held;
  for (size_t n = 0; n <= held; n++) reach[n] = 0;
  for (size_t j = 0; j < slots; j++)
    for (size_t n = 0; n <= held; n++) lack[j][n] = 0;
  for (int32_t s = c->set_start[p]; s < c->set_start[p + 1]; s++) {
    uint64_t there = c->set_bits[s], only = here & ~there;
    if ((here | there) != full) continue;
    size_t n = (size_t)__builtin_popcountll(only);
    reach[n] += c->set_rows[s];
    for (; only; only &= only - 1) lack[__builtin_ctzll(only)][n] += c->set_rows[s];
  }
  for (size_t j = 0; j < slots; j++) {
    int is_held = here >> j & 1;
    const int32_t *count = is_held ? lack[j] : reach;
    double sum = 0;
    for (size_t n = 0; n <= held; n++)
      if (count[n] > 0)
        sum += (double)count[n] * (is_held ? c->weights[n * SIDE + q] : -c->weights[q * SIDE + n]);
    share[j] = sum / (double)c->background_rows;
  }
}

INLINE void add_path(const maxai_interventional *c, int32_t p, const void *x, int x_is_f64, size_t stride,
                     size_t rows, uint8_t *decisions, uint64_t *held, double *out) {
  const maxai_paths *h = &c->paths;
  const maxai_trees *t = &h->trees;
  size_t slots = (size_t)(h->slot_start[p + 1] - h->slot_start[p]), width = (size_t)h->columns + 2;
  uint64_t full = slots == 64 ? ~(uint64_t)0 : ((uint64_t)1 << slots) - 1;
  for (size_t i = 0; i < rows; i++) held[i] = full;
  for (int32_t s = h->step_start[p]; s < h->step_start[p + 1]; s++) {
    int32_t level = s - h->step_start[p];
    uint8_t *is_true = decisions + (size_t)level * stride, flip = h->step_goes_true[s] ^ 1;
    uint64_t slot = h->step_slot[s];
    if (level >= h->shared[p]) maxai_decide(t, h->step_node[s], x, x_is_f64, stride, 0, rows, is_true);
    for (size_t i = 0; i < rows; i++) held[i] &= ~((uint64_t)(is_true[i] ^ flip ^ 1) << slot);
  }
  uint8_t known[MEMO];
  double memo[MEMO][MEMO_SLOTS], own[S];
  int remembers = slots <= MEMO_SLOTS;
  if (remembers) memset(known, 0, (size_t)1 << slots);
  for (size_t i = 0; i < rows; i++) {
    uint64_t here = held[i];
    double *share = remembers ? memo[here] : own;
    if (!remembers || !known[here]) {
      shares(c, p, slots, full, here, share);
      if (remembers) known[here] = 1;
    }
    for (int32_t k = 0; k < t->leaf_stride; k++) {
      double value = maxai_leaf_value(t, (size_t)h->leaf[p] * (size_t)t->leaf_stride + (size_t)k);
      double *to = out + (size_t)(t->tree_output[h->tree[p]] + k) * width * stride + i;
      for (size_t j = 0; j < slots; j++)
        to[(size_t)h->slot_column[h->slot_start[p] + (int32_t)j] * stride] += share[j] * value;
      double *score = to + (width - 1) * stride;
      if (here == full) *score = maxai_add_score(t, *score, value);
    }
  }
}

INLINE void all(const maxai_interventional *c, const void *x, int x_is_f64, size_t stride, size_t rows,
                uint8_t *decisions, uint64_t *held, double *out) {
  const maxai_paths *h = &c->paths;
  size_t columns = (size_t)h->columns;
  maxai_open_rows(&h->trees, columns, stride, 0, rows, out);
  for (int32_t p = 0; p < h->path_count; p++) add_path(c, p, x, x_is_f64, stride, rows, decisions, held, out);
  for (int32_t k = 0; k < h->trees.output_count; k++)
    for (size_t i = 0; i < rows; i++)
      maxai_close_row(&h->trees, columns, c->average[k], stride,
                      out + (size_t)k * (columns + 2) * stride + i);
}

void maxai_tree_interventional_scalar(const maxai_interventional *c, const void *x, int x_is_f64,
                                      size_t stride, size_t rows, uint8_t *decisions, uint64_t *held,
                                      double *out) {
  all(c, x, x_is_f64, stride, rows, decisions, held, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2,popcnt")))
#endif
void maxai_tree_interventional_avx2(const maxai_interventional *c, const void *x, int x_is_f64, size_t stride,
                                    size_t rows, uint8_t *decisions, uint64_t *held, double *out) {
  all(c, x, x_is_f64, stride, rows, decisions, held, out);
}
