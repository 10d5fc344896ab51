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

#if defined(__x86_64__)
// 2 at + bit `at` of word.
static inline uint64_t maxai_step_down(uint64_t at, uint64_t word) {
  __asm__("btq %0, %1\n\tadcq %0, %0" : "+r"(at) : "r"(word) : "cc");
  return at;
}
#endif

// `above` where `byte` is above `rank`, else `below`; without a branch, as nobody could predict it.
static inline unsigned maxai_pick(uint8_t byte, uint8_t rank, unsigned below, unsigned above) {
#if defined(__x86_64__)
  __asm__("cmpb %2, %1\n\tcmoval %3, %0" : "+r"(below) : "q"(byte), "q"(rank), "r"(above) : "cc");
  return below;
#else
  return byte > rank ? above : below;
#endif
}

// Whether the eight trees from `tree` on are of one shape.
static inline int maxai_is_uniform(const maxai_byte_trees *t, int32_t tree) {
  uint64_t shapes;
  memcpy(&shapes, t->shape + tree, sizeof shapes);
  return shapes == 0x0101010101010101ull * t->shape[tree];
}

static inline unsigned maxai_goes_right(uint8_t byte, uint32_t limit) {
  return (byte + (limit & 255) + 1u) >> 8;
}

// Eight walks at once: lane k goes down the tree `nodes[k]` by the bytes `bytes[k]`, columns `step` apart. No
// path has more than `levels` nodes; a walk that is over stays at the node after its tree's last.
static inline void maxai_free_walks(const maxai_byte_node *const *nodes, const uint8_t *const *bytes,
                                    const uint8_t *last, size_t step, unsigned levels, uint8_t *code) {
  enum { n = MAXAI_TREES_IN_FLIGHT };
  unsigned at[n] = {0}, leaf[n] = {0};
  for (unsigned level = 0; level < levels; level++) {
#pragma clang loop unroll(full)
    for (int k = 0; k < n; k++) {
      uint64_t node;
      memcpy(&node, nodes[k] + at[k], sizeof node);
      unsigned way = maxai_pick(bytes[k][(uint16_t)node * step], (uint8_t)(node >> 16),
                                (uint16_t)(node >> 32), (unsigned)(node >> 48));
      at[k] = (uint8_t)way;
      leaf[k] += way >> 8;
    }
    if (level % 4 != 3) continue;
    unsigned open = 0;
    for (int k = 0; k < n; k++) open |= at[k] ^ last[k];
    if (!open) break;
  }
  for (int k = 0; k < n; k++) code[k] = (uint8_t)leaf[k];
}

// The leaf of one tree of any shape.
static inline uint8_t maxai_tree_code(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes) {
  unsigned shape = t->shape[tree], at = 1;
  if (shape == MAXAI_FREE_SHAPE) {
    const maxai_byte_node *nodes = t->nodes + t->starts[tree];
    uint8_t code = 0;
    for (at = 0; at != t->node_count[tree];) {
      unsigned right = bytes[nodes[at].column] > nodes[at].limit;
      code += right ? nodes[at].left_leaves : 0;
      at = right ? nodes[at].right : nodes[at].left;
    }
    return code;
  }
  const uint32_t *offset = t->heap_offset + t->starts[tree], *limit = t->heap_limit + t->starts[tree];
  unsigned is_oblivious = shape > MAXAI_OBLIVIOUS, depth = is_oblivious ? shape - MAXAI_OBLIVIOUS : shape;
  for (unsigned level = 0; level < depth; level++) {
    unsigned test = is_oblivious ? level : at;
    at = 2 * at + maxai_goes_right(bytes[offset[test] >> 6], limit[test]);
  }
  return (uint8_t)(at - (1u << depth));
}

// The leaves of trees `tree ..< tree + count`, at most eight.
static inline void maxai_row_codes(const maxai_byte_trees *t, int32_t tree, int32_t count,
                                   const uint8_t *bytes, uint8_t *code) {
  enum { n = MAXAI_TREES_IN_FLIGHT };
  unsigned shape = t->shape[tree], is_uniform = count == n && maxai_is_uniform(t, tree);
  if (is_uniform && shape < MAXAI_FREE_SHAPE) {
    const uint32_t *offset = t->heap_offset + t->starts[tree], *limit = t->heap_limit + t->starts[tree];
    unsigned at[n], size = 1u << shape;
    for (unsigned k = 0; k < n; k++) at[k] = 1;
    for (unsigned level = 0; level < shape; level++)
      for (unsigned k = 0; k < n; k++) {
        // Heaps of one size stand one after the other.
        unsigned i = maxai_apart(at[k]) + k * size;
        at[k] = 2 * at[k] + maxai_goes_right(bytes[offset[i] >> 6], limit[i]);
      }
    for (unsigned k = 0; k < n; k++) code[k] = (uint8_t)(at[k] - size);
  } else if (is_uniform && shape == MAXAI_FREE_SHAPE) {
    const maxai_byte_node *nodes[n];
    const uint8_t *rows[n];
    unsigned levels = 0;
    for (int k = 0; k < n; k++) {
      nodes[k] = t->nodes + t->starts[tree + k];
      rows[k] = bytes;
      if (t->levels[tree + k] > levels) levels = t->levels[tree + k];
    }
    maxai_free_walks(nodes, rows, t->node_count + tree, 1, levels, code);
  } else {
    for (int32_t k = 0; k < count; k++) code[k] = maxai_tree_code(t, tree + k, bytes);
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
