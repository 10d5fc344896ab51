// Kernels of the learners: arithmetic on raw buffers, with equal results on every processor. Nothing is
// allocated but a crew's threads.
#ifndef MAXAI_LEARNING_H
#define MAXAI_LEARNING_H

#include <stddef.h>
#include <stdint.h>

// Threads that work together for the length of a fit. They spin for a moment before they sleep: work comes in
// pieces of some 10 microseconds.
typedef struct maxai_crew maxai_crew;
// `count` members, the calling thread among them; NULL if the system gives no threads.
maxai_crew* maxai_crew_new(size_t count);
void maxai_crew_free(maxai_crew* crew);
// Calls work(argument, i) for i in 0..<count, once each and at the same time; returns when all have returned.
void maxai_crew_run(maxai_crew* crew, void (*work)(void*, size_t), void* argument);

// A row of a leaf and its gradient: g in the high half, signed; h in the low half.
typedef struct {
  uint32_t row, gh;
} maxai_entry;

// Bins of columns in groups: up to 32 columns stand side by side, `stride` bytes for each row.
enum { MAXAI_BINS = 256, MAXAI_GROUP = 32, MAXAI_MISSING_BIN = 255 };

// Adds the gradients of n rows to the bins of one group of columns.
//
//   bins     rows × stride; the row of an entry is a row of it
//   columns  of the group, at most stride
//   packed   columns × 256 words, all 0: used in between, all 0 again at the end
//   sums     columns × 512: 256 sums of g, then 256 sums of h, for each column; added to
void maxai_histogram(const uint8_t* bins, size_t stride, size_t columns, const maxai_entry* entries, size_t n,
                     uint64_t* packed, int64_t* sums);

// Splits n entries in order: those whose bit of `goes_left` is set for the bin of the row to `left`, others
// to `right`. Returns how many went left. Either may have room for n.
size_t maxai_partition(const uint8_t* column, size_t stride, const uint64_t goes_left[4],
                       const maxai_entry* entries, size_t n, maxai_entry* left, maxai_entry* right);

typedef struct {
  double l2, min_hessian, min_rows;
  // From integer sums to gradients, and from hessians to a number of rows.
  double g_scale, h_scale, rows_per_h;
  // Sums of the leaf, as integers.
  int64_t g, h;
} maxai_leaf;

typedef struct {
  // GL²/(HL + l2) + GR²/(HR + l2); -inf where no split is allowed.
  double gain;
  // Bins up to this one go left.
  int32_t bin;
  int32_t missing_left;
  // Integer sums of the left side.
  int64_t g, h;
} maxai_split;

// The best split of a column of numbers with `bins` bins of values; bin 255 holds missing rows if
// has_missing. Of equal gains the lowest bin counts, and missing rows on the right.
maxai_split maxai_best_split(const int64_t* sums, size_t bins, int has_missing, const maxai_leaf* leaf);

// Bin of each value: how many of the n ascending bounds it is above; 255 for NaN. bounds has 256 places, +inf
// behind the n.
void maxai_bin_f64(const double* values, size_t rows, const double* bounds, size_t n, uint8_t* out,
                   size_t stride);
void maxai_bin_f32(const float* values, size_t rows, const float* bounds, size_t n, uint8_t* out,
                   size_t stride);

// Sorts by unsigned value, ascending. scratch holds n.
void maxai_sort_u32(uint32_t* keys, uint32_t* scratch, size_t n);
void maxai_sort_u64(uint64_t* keys, uint64_t* scratch, size_t n);

// e^x to 1 unit in the last place, from arithmetic that is the same everywhere: no fused operations, no
// library.
void maxai_exp(const double* x, double* y, size_t n);

// Gradients and hessians of rows first ..< first + n.
//   weights  NULL: all 1
void maxai_gradients_binary(const double* score, const double* target, const double* weights, float* g,
                            float* h, size_t n);
void maxai_gradients_squared(const double* score, const double* target, const double* weights, float* g,
                             float* h, size_t n);
// Softmax over k scores per row, class by class: score + c * rows is class c. Writes probabilities of all
// classes.
void maxai_softmax(const double* score, size_t rows, size_t k, size_t first, size_t n, double* probability);

// The largest |g| and the largest h.
void maxai_gradient_limits(const float* g, const float* h, size_t n, float* g_limit, float* h_limit);

// Rounds gradients to integers at random, so that sums are right on average: the words of `maxai_entry`.
//   seed      of this tree; row numbers count from `first`
//   constant  1: every h is the same and becomes 1
void maxai_quantize(const float* g, const float* h, size_t first, size_t n, double g_scale, double h_scale,
                    int constant, uint64_t seed, uint32_t* gh);

// Sums of g and h over the rows of n entries, in f64, in their order.
void maxai_leaf_sums(const maxai_entry* entries, size_t n, const float* g, const float* h, double* g_sum,
                     double* h_sum);
// score[row] += value for the rows of n entries.
void maxai_add_to_rows(const maxai_entry* entries, size_t n, double value, double* score);

#endif
