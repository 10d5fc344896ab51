// The bytes that trees compare, portable.
#include "byte_columns.h"

static inline uint8_t rank_of(const maxai_rank_column *c, int is_f64, double value) {
  unsigned rank = 0, step = c->count > 15 ? 128 : 8;
  if (is_f64) {
    const double *t = c->thresholds;
    for (; step; step >>= 1) rank += value >= t[rank + step - 1] ? step : 0;
  } else {
    const float *t = c->thresholds;
    for (; step; step >>= 1) rank += (float)value >= t[rank + step - 1] ? step : 0;
  }
  return (uint8_t)rank;
}

static void rank_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x, size_t stride,
                        size_t first, size_t rows, size_t step, uint8_t *bytes) {
  for (size_t i = 0; i < rows; i++) {
    double value = maxai_value(t, x, c->source, stride, first + i);
    maxai_store_rank(c, value, rank_of(c, t->compares_f64, value), step,
                     bytes + (step == 64 ? maxai_position(i) : i));
  }
}

// The set tests of 64 rows.
static void set_columns(const maxai_byte_trees *t, const void *x, size_t stride, size_t first, size_t rows,
                        uint8_t *bytes) {
  for (int32_t k = 0; k < t->category_count; k++) {
    const maxai_category_column *c = t->categories + k;
    uint8_t *from = bytes + (size_t)c->out * 64, *to = bytes + (size_t)c->first_set * 64;
    maxai_categories(t, c, x, stride, first, rows, from);
    for (size_t set = 0; set < (size_t)c->set_count; set++)
      for (size_t i = 0; i < 64; i++)
        to[64 * set + i] = c->by_set[32 * set + (from[i] >> 3)] >> (from[i] & 7) & 1;
  }
}

void maxai_byte_columns_scalar(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                               size_t rows, size_t step, uint8_t *bytes) {
  for (int32_t c = 0; c < t->rank_count; c++)
    rank_column(t, t->ranks + c, x, stride, first, rows, step, bytes);
  if (step == 1)
    maxai_row_sets(t, x, stride, first, bytes);
  else
    set_columns(t, x, stride, first, rows, bytes);
  maxai_test_columns(t, x, stride, first, rows, step, bytes);
}

static inline unsigned count_f32(const float *t, float value) {
  unsigned count = 0;
  for (int k = 0; k < 16; k++) count += t[k] <= value;
  return count;
}
static inline unsigned count_f64(const double *t, double value) {
  unsigned count = 0;
  for (int k = 0; k < 16; k++) count += t[k] <= value;
  return count;
}

#define INLINE static inline
#include "word_codes.h"

void maxai_walk_codes_scalar(const maxai_walk_trees *t, const void *x, size_t stride, size_t rows,
                             uint16_t *codes) {
  word_codes(t, x, stride, rows, codes);
}
