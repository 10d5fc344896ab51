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

// Rows `row_stride` bytes apart, of any alignment, as columns: to[c * stride + r] is element c of row r.
void maxai_columns_f32(const void *from, ptrdiff_t row_stride, size_t rows, size_t columns, float *to,
                       size_t stride);
void maxai_columns_f64(const void *from, ptrdiff_t row_stride, size_t rows, size_t columns, double *to,
                       size_t stride);

// A node of any ensemble. Children: c >= 0 is node c, c < 0 is leaf ~c. Codes of comparison, missing and set
// rule are those of the graph's `trees` operator; validated before.
typedef struct {
  double threshold;  // an f32 threshold widened: the comparison is the same
  int32_t column, set;
  int32_t child[2];  // 0: the test is false, 1: true
  uint8_t comparison, missing;
} maxai_any_node;

// A tree ensemble. Matrices are column-major: element (row, column) of a matrix stands at `column * stride +
// row`.
typedef struct {
  int32_t tree_count, output_count, leaf_stride;
  uint8_t set_rule;  // 0 non-negative, 1 truncated, 2 exact
  uint8_t is_average;
  uint8_t threshold_is_f64, leaf_is_f64;
  const maxai_any_node *nodes;
  const int32_t *roots, *tree_output;
  const int64_t *set_offsets;
  const uint64_t *set_words;
  const void *leaf_values, *base;
  // Linear leaves, NULL where there are none: leaf l gives linear_base[l] plus the products of the terms
  // linear_offsets[l] ..< linear_offsets[l + 1], or its value where a column of them is NaN.
  const int64_t *linear_offsets;
  const int32_t *linear_columns;
  const double *linear_coefficients, *linear_base;
} maxai_trees;

// Any ensemble of sums, eight rows in flight.
void maxai_trees_general(const maxai_trees *trees, const void *x, int x_is_f64, size_t stride, size_t rows,
                         void *out);

// A linear leaf: `base` plus the products of `count` terms, or `value` where a column of them is NaN.
typedef struct {
  double base, value;
  int32_t first, count;
} maxai_linear_leaf;

typedef struct {
  double coefficient;
  int32_t column;  // position in `columns`
} maxai_linear_term;

typedef struct {
  int32_t tree_count, output_count, column_count;
  uint8_t is_average;
  const maxai_linear_leaf *leaves;
  const maxai_linear_term *terms;
  const int32_t *columns, *tree_output;
  const double *base;
} maxai_linear_trees;

// `leaf`: per tree a column of the leaves reached. `values`: room for `column_count` numbers per row.
void maxai_linear_trees_add(const maxai_linear_trees *trees, const float *leaf, const void *x, int x_is_f64,
                            size_t stride, size_t rows, double *values, double *out);

// Most columns that one path from a root to a leaf tests.
enum { MAXAI_PATH_SLOTS = 64 };

// The paths of an ensemble to its leaves. Path p has the steps `step_start[p] ..< step_start[p + 1]`, of
// which the first `shared[p]` are those of the path before, and the slots `slot_start[p] ..< slot_start[p +
// 1]`, one per column.
typedef struct {
  maxai_trees trees;
  int32_t columns, path_count;
  const int32_t *tree, *leaf, *shared, *step_start, *step_node, *slot_start, *slot_column;
  const uint8_t *step_goes_true, *step_slot;
} maxai_paths;

// What the graph's `tree_contributions` says. Paths of d slots are integrated by the nodes `rule_start[d] ..<
// rule_start[d + 1]`.
typedef struct {
  maxai_paths paths;
  const int32_t *rule_start;
  const double *slot_zero, *rule_nodes, *rule_weights;
  const double *average;  // the average score, one per output
} maxai_contributions;

// out: per output `columns` contributions, the base and the rest, as columns of `stride`. `decisions`: 64
// bytes for every step of the longest path.
void maxai_tree_contributions_scalar(const maxai_contributions *c, const void *x, int x_is_f64, size_t stride,
                                     size_t rows, uint8_t *decisions, double *out);
void maxai_tree_contributions_avx2(const maxai_contributions *c, const void *x, int x_is_f64, size_t stride,
                                   size_t rows, uint8_t *decisions, double *out);

// What the graph's `tree_interventional` says. `set_bits` and `set_rows` at `set_start[p] ..< set_start[p +
// 1]`: the sets of slots of path p that background rows satisfy, and how many rows do. `weights` has 65
// columns.
typedef struct {
  maxai_paths paths;
  int32_t background_rows;
  const int32_t *set_start, *set_rows;
  const uint64_t *set_bits;
  const double *weights;
  const double *average;  // the average score over the background, one per output
} maxai_interventional;

// `decisions`: a byte per row of the stride for every step of the longest path; `held`: a word per row.
void maxai_tree_interventional_scalar(const maxai_interventional *c, const void *x, int x_is_f64,
                                      size_t stride, size_t rows, uint8_t *decisions, uint64_t *held,
                                      double *out);
void maxai_tree_interventional_avx2(const maxai_interventional *c, const void *x, int x_is_f64, size_t stride,
                                    size_t rows, uint8_t *decisions, uint64_t *held, double *out);

// out: per tree a column of the numbers of the leaves reached; `numbers` has one per leaf.
void maxai_tree_leaves(const maxai_trees *trees, const int64_t *numbers, const void *x, int x_is_f64,
                       size_t stride, size_t rows, int64_t *out);

// A tree ensemble on bytes. Every test of a node is made "byte > limit goes right", whatever the source
// compares: the bytes of a row are made once, then trees look at nothing else.
//
// The bytes of 64 rows stand together, one column of 64 after the other, so that an offset is 64 × column.
// Row r of the 64 stands at position 4 * (r % 16) + r / 16: byte q of 32-bit lane j is row 16 q + j.

// What a missing value becomes in a column of ranks.
enum {
  MAXAI_NAN_LEFT,    // NaN has rank 0
  MAXAI_NAN_RIGHT,   // NaN has rank 255
  MAXAI_ZERO_LEFT,   // NaN and |x| <= 1e-35f have rank 0
  MAXAI_ZERO_RIGHT,  // ... 255
  MAXAI_NAN_ZERO,    // NaN has the rank of 0
  MAXAI_POLICIES,
};

// Ranks in up to 254 thresholds: how many of them are not above x.
typedef struct {
  int32_t source;               // input column
  int32_t count;                // thresholds
  int32_t out[MAXAI_POLICIES];  // byte columns, -1: not used
  uint8_t rank_of_zero;
  const void *thresholds;  // 256, ascending, padded with NaN; f64 where the ensemble compares in f64
  const void *first;       // thresholds 16, 32, ... 240 and NaN
  // A binary search among them: the probes of its level k (from 0) from 2^k on; 2^search_levels elements.
  const void *search;
  int32_t search_levels;  // 4 ... 8
} maxai_rank_column;

// Categories 0 ... 251; 252 is |x| <= 1e-35f that belongs to no set, 253 such an x that is category 0, 254
// NaN, and 255 any other value that no set has.
//
// Each gives `set_count` byte columns from `first_set` on: 1 where a set test sends the row right.
// `by_category` has `set_count` bytes for each category, `by_set` 256 bits for each test.
typedef struct {
  int32_t source, out;
  int32_t first_set, set_count;
  const uint8_t *by_category, *by_set;
} maxai_category_column;

// 1 where a test is false: of a threshold, or of a set of any size.
typedef struct {
  int32_t source, out;
  uint8_t comparison, missing;
  double threshold;
  const uint64_t *words;
  int64_t word_count;
} maxai_test_column;

// A node of a tree of free shape, level by level, those of two leaves last. Children are positions in the
// tree; all leaves are the node after the last, whose children it is itself. Going right adds the number of
// leaves on the left to the row's code, which is its leaf at the end.
typedef struct {
  uint16_t column;
  uint8_t limit, unused;
  uint8_t left, nothing;       // where the way on the left goes, and what it adds to the code
  uint8_t right, left_leaves;  // and on the right
} maxai_byte_node;

typedef struct {
  int32_t tree_count, output_count, leaf_stride;
  int32_t width;  // byte columns
  uint8_t x_is_f64, compares_f64, leaf_is_f64, is_average, set_rule;
  int32_t rank_count, category_count, test_count;
  const maxai_rank_column *ranks;
  const maxai_category_column *categories;
  const maxai_test_column *tests;
  // Per tree: 0 ... 6 is the depth of a full tree in heap order, MAXAI_FREE_SHAPE, or MAXAI_OBLIVIOUS and the
  // depth, 1 ... 8, of a tree of one test per level, the first the most significant bit of the leaf.
  const uint8_t *shape;
  // Per tree of free shape; nodes from `inner_count` on have two leaves, and no path has more than `levels`.
  const uint8_t *node_count, *inner_count, *levels;
  // Heap node i stands at starts[tree] + i, i from 1; level i of an oblivious tree there, i from 0; or the
  // first node.
  const int32_t *starts;
  const int32_t *leaf_starts;  // 64 leaves at least can be read from there
  const int32_t *leaf_counts;
  const int32_t *tree_output;
  const uint32_t *heap_offset, *heap_limit;  // 254 - rank, four times
  const maxai_byte_node *nodes;
  // Nodes once more for whole trees of one row: 64 columns and 64 ranks per tree, in the order of a heap, of
  // the levels of an oblivious tree from the last on, or of the nodes of a tree of free shape with up to 64
  // leaves; null when `width` is above 256.
  const uint8_t *row_columns, *row_ranks;
  // 8 × row_mask_groups per tree: for a node of such a tree of free shape, the leaves that are left when it
  // sends the row right. 0 groups: there is no such tree.
  const uint64_t *row_masks;
  int32_t row_mask_groups;
  const void *leaves, *base;
} maxai_byte_trees;

enum { MAXAI_FREE_SHAPE = 7, MAXAI_OBLIVIOUS = 8 };

// The bytes of rows `first ..< first + rows`, at most 64, of x, in the order above when `column_step` is 64.
// When it is 1, of one row, side by side.
void maxai_byte_columns_scalar(const maxai_byte_trees *trees, const void *x, size_t stride, size_t first,
                               size_t rows, size_t column_step, uint8_t *bytes);
// Needs MAXAI_CPU_AVX2_FMA, as all that is called avx2.
void maxai_byte_columns_avx2(const maxai_byte_trees *trees, const void *x, size_t stride, size_t first,
                             size_t rows, size_t column_step, uint8_t *bytes);
// Needs MAXAI_CPU_AVX512, as all that is called avx512.
void maxai_byte_columns_avx512(const maxai_byte_trees *trees, const void *x, size_t stride, size_t first,
                               size_t rows, size_t column_step, uint8_t *bytes);

// `stride` is a multiple of 64; whole groups of 64 rows are computed. `bytes` has `width` for every row of
// `stride`.
// Whether the `count` nodes of a tree of free shape and the one that ends them lead forward, within the tree
// and within `width` columns, each but the first reached from an earlier one.
int maxai_byte_nodes_sound(const maxai_byte_node *nodes, size_t count, int32_t width);

void maxai_byte_trees_scalar(const maxai_byte_trees *trees, const void *x, size_t stride, size_t rows,
                             uint8_t *bytes, void *out);
void maxai_byte_trees_avx2(const maxai_byte_trees *trees, const void *x, size_t stride, size_t rows,
                           uint8_t *bytes, void *out);
void maxai_byte_trees_avx512(const maxai_byte_trees *trees, const void *x, size_t stride, size_t rows,
                             uint8_t *bytes, void *out);

// Few rows, one after the other, several trees in flight.
void maxai_byte_trees_row_scalar(const maxai_byte_trees *trees, const void *x, size_t stride, size_t rows,
                                 uint8_t *bytes, void *out);
void maxai_byte_trees_row_avx2(const maxai_byte_trees *trees, const void *x, size_t stride, size_t rows,
                               uint8_t *bytes, void *out);
// Needs MAXAI_CPU_AVX512_VBMI and `row_columns`; `bytes` has room for 256.
void maxai_byte_trees_row_vbmi(const maxai_byte_trees *trees, const void *x, size_t stride, size_t rows,
                               uint8_t *bytes, void *out);

// Ranks in up to 65534 thresholds, as in maxai_rank_column.
typedef struct {
  int32_t source, level_count;
  int32_t out[MAXAI_POLICIES];
  uint16_t rank_of_zero;
  // The ascending thresholds, then of each level every sixteenth of the one before, from the seventeenth on,
  // down to sixteen or fewer; padded with NaN to whole sixteens. f64 where the ensemble compares in f64.
  const void *levels[4];
} maxai_word_ranks;

// A node of a tree of any size: right is `code of column > limit`; `next` is the left child, and the right
// one stands after it. A leaf has the limit MAXAI_WALK_LEAF and in `next` its position in the leaves.
typedef struct {
  uint16_t column, limit;
  uint32_t next;
} maxai_walk_node;

enum { MAXAI_WALK_LEAF = 65535 };

// A tree ensemble on 16-bit codes: columns as in maxai_byte_trees, the codes of a row side by side.
typedef struct {
  int32_t tree_count, output_count, leaf_stride;
  int32_t width;
  uint8_t x_is_f64, compares_f64, leaf_is_f64, is_average, set_rule;
  int32_t rank_count, test_count;
  const maxai_word_ranks *ranks;
  const maxai_test_column *tests;
  const maxai_walk_node *nodes;
  // Per node that is a leaf: its position in `leaves`, in leaves of `leaf_stride`; null where leaves have one
  // value and stand at the positions of their nodes.
  const uint32_t *leaf_of;
  const uint32_t *roots;  // the first node of every tree, and the end
  const int32_t *tree_output;
  const void *leaves, *base;
} maxai_walk_trees;

// `codes` has `width` for every row.
void maxai_walk_codes_scalar(const maxai_walk_trees *trees, const void *x, size_t stride, size_t rows,
                             uint16_t *codes);
void maxai_walk_codes_avx2(const maxai_walk_trees *trees, const void *x, size_t stride, size_t rows,
                           uint16_t *codes);
void maxai_walk_codes_avx512(const maxai_walk_trees *trees, const void *x, size_t stride, size_t rows,
                             uint16_t *codes);

void maxai_walk_trees_scalar(const maxai_walk_trees *trees, const uint16_t *codes, size_t stride, size_t rows,
                             void *out);
