// Trees on bytes, portable: walks without a branch on data, eight of them in flight.
#include "byte_row.h"

#pragma clang fp contract(off)

static inline unsigned descend(unsigned i, uint8_t byte, uint32_t limit) {
  return 2 * i + ((byte + (limit & 255) + 1) >> 8);
}

static void heap_tree(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, size_t rows,
                      uint8_t *code) {
  const uint32_t *offset = t->heap_offset + t->starts[tree], *limit = t->heap_limit + t->starts[tree];
  unsigned depth = t->depth[tree];
  // Positions 0 ... 63 hold rows in the order of byte columns; the last group of rows fills them all.
  size_t count = rows > 16 ? 64 : 4 * rows;
  for (size_t p = 0; p < count; p += 8) {
    unsigned i[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (unsigned level = 0; level < depth; level++)
      for (int k = 0; k < 8; k++) {
        i[k] = maxai_apart(i[k]);
        i[k] = descend(i[k], bytes[offset[i[k]] + p + k], limit[i[k]]);
      }
    for (int k = 0; k < 8; k++) code[p + k] = (uint8_t)(i[k] - (1u << depth));
  }
}

static void free_tree(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, size_t rows,
                      uint8_t *code) {
  const maxai_byte_node *nodes = t->nodes + t->starts[tree];
  for (size_t row = 0; row < rows; row++) {
    size_t p = maxai_position(row);
    code[p] = maxai_free_walk(nodes, bytes + p, 0);
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
      if (t->depth[tree] == MAXAI_FREE_SHAPE)
        free_tree(t, tree, block, count, code);
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
