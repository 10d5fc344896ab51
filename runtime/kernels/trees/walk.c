// Trees of any size on 16-bit codes, portable: rows or trees go down side by side, without a branch on data.
#include "byte_row.h"

#pragma clang fp contract(off)

enum { lanes = 8 };

// One step of every walk; 0 when all stand at leaves.
static inline unsigned step(const maxai_walk_node *nodes, const uint16_t *const *codes, uint32_t *at) {
  unsigned moved = 0;
#pragma clang loop unroll(full)
  for (int k = 0; k < lanes; k++) {
    uint64_t node;
    memcpy(&node, nodes + maxai_apart(at[k]), sizeof node);
    uint32_t next = (uint32_t)(node >> 32) + (codes[k][node & 65535] > (uint16_t)(node >> 16));
    moved |= at[k] ^ next;
    at[k] = next;
  }
  return moved;
}

// The leaves that walks end in: lane k starts at nodes[at[k]] with the codes of its row. A leaf is its own
// child.
static inline void walk(const maxai_walk_trees *t, const uint16_t *const *codes, uint32_t *at) {
  do step(t->nodes, codes, at);
  while (step(t->nodes, codes, at));
  if (t->leaf_of)
    for (int k = 0; k < lanes; k++) at[k] = t->leaf_of[at[k]];
}

static inline void add_leaf(const maxai_walk_trees *t, int32_t tree, uint32_t leaf, size_t stride, size_t row,
                            void *out) {
  size_t width = (size_t)t->leaf_stride, from = width * leaf,
         to = (size_t)t->tree_output[tree] * stride + row;
  if (t->leaf_is_f64)
    for (size_t k = 0; k < width; k++)
      ((double *)out)[to + k * stride] += ((const double *)t->leaves)[from + k];
  else
    for (size_t k = 0; k < width; k++)
      ((float *)out)[to + k * stride] += ((const float *)t->leaves)[from + k];
}

// Brings part `part` of `parts` of bytes nearer.
static inline void fetch(const char *from, size_t size, size_t part, size_t parts) {
  for (size_t at = size * part / parts & ~(size_t)63, end = size * (part + 1) / parts; at < end; at += 64)
    __builtin_prefetch(from + at, 0, 2);
}

// Trees outside: a tree's nodes are read for all rows before the next one's, which come nearer meanwhile.
static void walk_rows(const maxai_walk_trees *t, const uint16_t *codes, size_t stride, size_t rows,
                      void *out) {
  size_t leaf_size = t->leaf_of ? 4 : t->leaf_is_f64 ? 8 : 4;
  const char *leaves = t->leaf_of ? (const char *)t->leaf_of : (const char *)t->leaves;
  for (int32_t tree = 0; tree < t->tree_count; tree++) {
    size_t next = t->roots[tree + 1], count_next = tree + 1 < t->tree_count ? t->roots[tree + 2] - next : 0;
    for (size_t row = 0; row < rows; row += lanes) {
      const uint16_t *from[lanes];
      uint32_t at[lanes];
      size_t count = rows - row < lanes ? rows - row : lanes;
      for (size_t k = 0; k < lanes; k++) {
        from[k] = codes + (row + (k < count ? k : 0)) * (size_t)t->width;
        at[k] = t->roots[tree];
      }
      fetch((const char *)(t->nodes + next), count_next * sizeof *t->nodes, row / lanes,
            (rows + lanes - 1) / lanes);
      fetch(leaves + next * leaf_size, count_next * leaf_size, row / lanes, (rows + lanes - 1) / lanes);
      walk(t, from, at);
      for (size_t k = 0; k < count; k++) add_leaf(t, tree, at[k], stride, row + k, out);
    }
  }
}

// Several trees at once, for one row.
static void walk_row(const maxai_walk_trees *t, const uint16_t *codes, size_t stride, size_t row, void *out) {
  const uint16_t *from[lanes];
  for (int k = 0; k < lanes; k++) from[k] = codes;
  for (int32_t tree = 0; tree < t->tree_count; tree += lanes) {
    int32_t count = t->tree_count - tree < lanes ? t->tree_count - tree : lanes;
    uint32_t at[lanes];
    for (int32_t k = 0; k < lanes; k++) at[k] = t->roots[tree + (k < count ? k : 0)];
    walk(t, from, at);
    for (int32_t k = 0; k < count; k++) add_leaf(t, tree + k, at[k], stride, row, out);
  }
}

void maxai_walk_trees_scalar(const maxai_walk_trees *t, const uint16_t *codes, size_t stride, size_t rows,
                             void *out) {
  maxai_start_sums(t->leaf_is_f64, t->output_count, t->base, stride, rows, out);
  if (rows < lanes)
    for (size_t row = 0; row < rows; row++) walk_row(t, codes + row * (size_t)t->width, stride, row, out);
  else
    walk_rows(t, codes, stride, rows, out);
  if (t->is_average) maxai_average_sums(t->leaf_is_f64, t->output_count, t->tree_count, stride, rows, out);
}
