// Trees on bytes, portable: walks without a branch on data, eight of them in flight.
#include "byte_row.h"

#pragma clang fp contract(off)

// Positions 0 ... 63 hold rows in the order of byte columns; the last group of rows fills them all.
static inline size_t positions(size_t rows) { return rows > 16 ? 64 : 4 * rows; }

static void heap_tree(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, size_t rows,
                      uint8_t *code) {
  const uint32_t *offset = t->heap_offset + t->starts[tree], *limit = t->heap_limit + t->starts[tree];
  unsigned depth = t->shape[tree];
  for (size_t p = 0; p < positions(rows); p += 8) {
    unsigned i[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (unsigned level = 0; level < depth; level++)
      for (int k = 0; k < 8; k++) {
        i[k] = maxai_apart(i[k]);
        i[k] = 2 * i[k] + maxai_goes_right(bytes[offset[i[k]] + p + k], limit[i[k]]);
      }
    for (int k = 0; k < 8; k++) code[p + k] = (uint8_t)(i[k] - (1u << depth));
  }
}

static void oblivious_tree(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, uint8_t *code) {
  const uint32_t *offset = t->heap_offset + t->starts[tree], *limit = t->heap_limit + t->starts[tree];
  memset(code, 0, 64);
  for (unsigned d = 0; d < (unsigned)t->shape[tree] - MAXAI_OBLIVIOUS; d++) {
    const uint8_t *column = bytes + offset[d];
    uint8_t rank = (uint8_t)(254 - (limit[d] & 255));
    for (int p = 0; p < 64; p++) code[p] = (uint8_t)(2 * code[p] + (column[p] > rank));
  }
}

static void free_tree(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, size_t rows,
                      uint8_t *code) {
  const maxai_byte_node *nodes[8];
  uint8_t last[8];
  for (int k = 0; k < 8; k++) nodes[k] = t->nodes + t->starts[tree], last[k] = t->node_count[tree];
  for (size_t p = 0; p < positions(rows); p += 8) {
    const uint8_t *from[8];
    for (int k = 0; k < 8; k++) from[k] = bytes + p + k;
    maxai_free_walks(nodes, from, last, 64, t->levels[tree], code + p);
  }
}

void maxai_byte_trees_scalar(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                             uint8_t *bytes, void *out) {
  maxai_start_scores(t, stride, rows, out);
  size_t element = t->leaf_is_f64 ? 8 : 4;
  for (size_t first = 0; first < rows; first += 64) {
    size_t count = rows - first < 64 ? rows - first : 64;
    uint8_t *block = bytes + first * (size_t)t->width, code[64];
    void *to = (uint8_t *)out + first * element;
    maxai_byte_columns_scalar(t, x, stride, first, count, 64, block);
    for (int32_t tree = 0; tree < t->tree_count; tree++) {
      if (t->shape[tree] == MAXAI_FREE_SHAPE)
        free_tree(t, tree, block, count, code);
      else if (t->shape[tree] > MAXAI_OBLIVIOUS)
        oblivious_tree(t, tree, block, code);
      else
        heap_tree(t, tree, block, count, code);
      maxai_add_leaves(t, tree, code, stride, count, to);
    }
  }
  maxai_finish_scores(t, stride, rows, out);
}

void maxai_byte_trees_row_scalar(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                                 uint8_t *bytes, void *out) {
  maxai_start_scores(t, stride, rows, out);
  for (size_t row = 0; row < rows; row++) {
    maxai_byte_columns_scalar(t, x, stride, row, 1, 1, bytes);
    maxai_row_walks(t, bytes, 0, stride, row, out);
  }
  maxai_finish_scores(t, stride, rows, out);
}
