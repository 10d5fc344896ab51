// One row through all trees, portable. Bytes of the row stand side by side, so that column c is offset / 64.
#pragma once

#include "byte_columns.h"

#pragma clang fp contract(off)

enum { MAXAI_TREES_IN_FLIGHT = 8 };

// Keeps a walk in a general register: a compiler that puts several walks into one vector pays for moving each
// index out and in again.
static inline unsigned maxai_apart(unsigned index) {
#if defined(__GNUC__)
  __asm__("" : "+r"(index));
#endif
  return index;
}

static inline uint8_t maxai_free_walk(const maxai_byte_node *nodes, const uint8_t *bytes, int shift) {
  unsigned at = 0;
  uint8_t code = 0;
  while (at != MAXAI_NO_CHILD) {
    const maxai_byte_node *node = nodes + at;
    unsigned goes_right = bytes[node->offset >> shift] > (uint8_t)node->rank;
    code += goes_right ? (uint8_t)node->left_leaves : 0;
    at = goes_right ? node->right : node->left;
  }
  return code;
}

// The leaves of trees `tree ..< tree + count`, at most eight.
static inline void maxai_row_codes(const maxai_byte_trees *t, int32_t tree, int32_t count,
                                   const uint8_t *bytes, uint8_t *code) {
  unsigned depth = t->depth[tree], is_uniform = count == MAXAI_TREES_IN_FLIGHT && depth != MAXAI_FREE_SHAPE;
  for (int32_t k = 1; k < count; k++) is_uniform &= t->depth[tree + k] == depth;
  if (is_uniform) {
    const uint32_t *offset = t->heap_offset + t->starts[tree], *limit = t->heap_limit + t->starts[tree];
    unsigned at[MAXAI_TREES_IN_FLIGHT], size = 1u << depth;
    for (unsigned k = 0; k < MAXAI_TREES_IN_FLIGHT; k++) at[k] = 1;
    for (unsigned level = 0; level < depth; level++)
      for (unsigned k = 0; k < MAXAI_TREES_IN_FLIGHT; k++) {
        // Heaps of one size stand one after the other.
        unsigned i = maxai_apart(at[k]) + k * size;
        at[k] = 2 * at[k] + ((bytes[offset[i] >> 6] + (limit[i] & 255) + 1) >> 8);
      }
    for (unsigned k = 0; k < MAXAI_TREES_IN_FLIGHT; k++) code[k] = (uint8_t)(at[k] - size);
    return;
  }
  for (int32_t k = 0; k < count; k++) {
    depth = t->depth[tree + k];
    if (depth == MAXAI_FREE_SHAPE) {
      code[k] = maxai_free_walk(t->nodes + t->starts[tree + k], bytes, 6);
      continue;
    }
    const uint32_t *offset = t->heap_offset + t->starts[tree + k],
                   *limit = t->heap_limit + t->starts[tree + k];
    unsigned at = 1;
    for (unsigned level = 0; level < depth; level++)
      at = 2 * at + ((bytes[offset[at] >> 6] + (limit[at] & 255) + 1) >> 8);
    code[k] = (uint8_t)(at - (1u << depth));
  }
}

// Adds the leaves `code` of trees `tree ..< tree + count` to the scores of `row`, in order.
static inline void maxai_row_add(const maxai_byte_trees *t, int32_t tree, int32_t count, const uint8_t *code,
                                 size_t stride, size_t row, void *out) {
  size_t width = (size_t)t->leaf_stride;
  if (t->output_count == 1) {
    if (t->leaf_is_f64) {
      double sum = ((double *)out)[row];
      for (int32_t k = 0; k < count; k++)
        sum += ((const double *)t->leaves)[(size_t)t->leaf_starts[tree + k] + code[k]];
      ((double *)out)[row] = sum;
    } else {
      float sum = ((float *)out)[row];
      for (int32_t k = 0; k < count; k++)
        sum += ((const float *)t->leaves)[(size_t)t->leaf_starts[tree + k] + code[k]];
      ((float *)out)[row] = sum;
    }
    return;
  }
  for (int32_t k = 0; k < count; k++) {
    size_t from = (size_t)t->leaf_starts[tree + k] + width * code[k];
    size_t to = (size_t)t->tree_output[tree + k] * stride + row;
    for (size_t j = 0; j < width; j++)
      if (t->leaf_is_f64)
        ((double *)out)[to + j * stride] += ((const double *)t->leaves)[from + j];
      else
        ((float *)out)[to + j * stride] += ((const float *)t->leaves)[from + j];
  }
}

static inline void maxai_row_walks(const maxai_byte_trees *t, const uint8_t *bytes, int32_t tree,
                                   size_t stride, size_t row, void *out) {
  for (; tree < t->tree_count; tree += MAXAI_TREES_IN_FLIGHT) {
    int32_t count = t->tree_count - tree;
    if (count > MAXAI_TREES_IN_FLIGHT) count = MAXAI_TREES_IN_FLIGHT;
    uint8_t code[MAXAI_TREES_IN_FLIGHT];
    maxai_row_codes(t, tree, count, bytes, code);
    maxai_row_add(t, tree, count, code, stride, row, out);
  }
}
