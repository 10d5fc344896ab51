// Trees of `x < threshold` in f32: eight rows in flight, no branch on data.
#include "maxai_kernels.h"

#pragma clang fp contract(off)

enum { lanes = 8 };

static inline int32_t next(const maxai_tree_node *node, float x) {
  return node->child[(x < node->threshold) | ((x != x) & node->missing)];
}

void maxai_less_trees_scalar(const maxai_less_trees *t, const float *x, size_t stride, size_t rows,
                             float *out) {
  const maxai_tree_node *nodes = t->nodes;
  for (int32_t k = 0; k < t->output_count; k++)
    for (size_t row = 0; row < rows; row++) out[k * stride + row] = t->base[k];
  for (int32_t tree = 0; tree < t->tree_count; tree++) {
    float *to = out + (size_t)t->tree_output[tree] * stride;
    int32_t root = t->roots[tree], depth = t->depths[tree];
    size_t row = 0;
    for (; row + lanes <= rows; row += lanes) {
      int32_t place[lanes];
      for (int i = 0; i < lanes; i++) place[i] = root;
      for (int32_t level = 0; level < depth; level++)
        for (int i = 0; i < lanes; i++) {
          const maxai_tree_node *node = nodes + place[i];
          place[i] = next(node, x[(size_t)node->column * stride + row + i]);
        }
      for (int i = 0; i < lanes; i++) to[row + i] += t->leaf_values[nodes[place[i]].leaf];
    }
    for (; row < rows; row++) {
      int32_t place = root;
      for (int32_t level = 0; level < depth; level++)
        place = next(nodes + place, x[(size_t)nodes[place].column * stride + row]);
      to[row] += t->leaf_values[nodes[place].leaf];
    }
  }
}
