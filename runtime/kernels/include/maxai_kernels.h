// MaxAI's kernels: arithmetic on raw buffers. No allocation, no I/O, no knowledge of graphs.
//
// Every function checks nothing: what it indexes was validated when the model was loaded.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The instruction sets this processor and operating system offer, as bits of one word.
enum {
  MAXAI_CPU_AVX2_FMA = 1u << 0,
  MAXAI_CPU_AVX512 = 1u << 1,  // F, BW, DQ and VL
  MAXAI_CPU_AVX512_VBMI = 1u << 2,
  MAXAI_CPU_AVX512_VNNI = 1u << 3,
  MAXAI_CPU_AVX512_BF16 = 1u << 4,
};

uint32_t maxai_cpu_features(void);

// A tree ensemble. Matrices are column-major: element (row, column) of a matrix stands at `column * stride +
// row`.
//
// Children: c >= 0 is node c, c < 0 is leaf ~c. Codes of comparison, missing and set rule are those of the
// graph's `trees` operator; validated before.
typedef struct {
  int32_t tree_count, output_count, leaf_stride;
  uint8_t set_rule;  // 0 non-negative, 1 truncated, 2 exact
  uint8_t is_average;
  uint8_t threshold_is_f64, leaf_is_f64;
  const int32_t *column, *true_child, *false_child, *set;
  const uint8_t *comparison, *missing;
  const void *threshold;
  const int32_t *roots, *tree_output;
  const int64_t *set_offsets;
  const uint64_t *set_words;
  const void *leaf_values, *base;
} maxai_trees;

// Any ensemble of sums, one row at a time per tree.
void maxai_trees_general(const maxai_trees *trees, const void *x, int x_is_f64, size_t stride, size_t rows,
                         void *out);

// A node of an ensemble whose tests are all `x < threshold` in f32. A leaf is its own child.
typedef struct {
  float threshold;
  int32_t column;
  int32_t child[2];  // 0: the test is false, 1: true
  uint32_t missing;  // 1 when NaN counts as true
  int32_t leaf;      // position in leaf_values at a leaf
} maxai_tree_node;

// `nodes` of all trees; tree t starts at `roots[t]` and no path is longer than `depths[t]`.
typedef struct {
  int32_t tree_count, output_count;
  const maxai_tree_node *nodes;
  const int32_t *roots, *depths, *tree_output;
  const float *leaf_values, *base;
} maxai_less_trees;

void maxai_less_trees_scalar(const maxai_less_trees *trees, const float *x, size_t stride, size_t rows,
                             float *out);

// A node on ranks: rows go right when the rank in `column` is above `rank`. Slots are path masks of the tree;
// the root's is 0, and slot 64 belongs to nobody.
typedef struct {
  uint16_t column;
  uint8_t rank, left_leaves, slot, left_slot, right_slot;
} maxai_rank_node;

// A column of ranks: of input column `source`, thresholds in 16 groups of 16, padded with NaN.
typedef struct {
  int32_t source;
  int32_t left_variant, right_variant;  // the rank columns in which NaN is 0 and 255; -1: not used
  int32_t groups;
  float first[16];
  float all[256];
} maxai_rank_column;

typedef struct {
  int32_t tree_count, output_count, column_count;
  const maxai_rank_node *nodes;
  const int32_t *starts;  // tree_count + 1
  const int32_t *tree_output;
  const float *leaves;  // 64 per tree, left to right
  const float *base;
  const maxai_rank_column *columns;
} maxai_rank_trees;

// `stride` is a multiple of 64; whole groups of 64 rows are computed. `ranks` holds a byte per variant and
// row. Needs MAXAI_CPU_AVX512.
void maxai_rank_trees_avx512(const maxai_rank_trees *trees, const float *x, size_t stride, size_t rows,
                             uint8_t *ranks, float *out);
