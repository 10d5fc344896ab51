// Parts of byte columns that every variant shares.
#pragma once

#include <string.h>

#include "leaves.h"
#include "tests.h"

// A value in the type of comparisons.
static inline double maxai_value(const maxai_byte_trees *t, const void *x, int32_t column, size_t stride,
                                 size_t row) {
  size_t at = (size_t)column * stride + row;
  if (!t->x_is_f64) return ((const float *)x)[at];
  double value = ((const double *)x)[at];
  return t->compares_f64 ? value : (float)value;
}

static inline void maxai_store_rank(const maxai_rank_column *c, double value, uint8_t rank, size_t step,
                                    uint8_t *to) {
  int is_nan = value != value;
  if (c->out[MAXAI_NAN_LEFT] >= 0) to[(size_t)c->out[MAXAI_NAN_LEFT] * step] = rank;
  if (c->out[MAXAI_NAN_RIGHT] >= 0) to[(size_t)c->out[MAXAI_NAN_RIGHT] * step] = is_nan ? 255 : rank;
  if (c->out[MAXAI_ZERO_LEFT] >= 0)
    to[(size_t)c->out[MAXAI_ZERO_LEFT] * step] = maxai_is_zero(value) ? 0 : rank;
  if (c->out[MAXAI_ZERO_RIGHT] >= 0)
    to[(size_t)c->out[MAXAI_ZERO_RIGHT] * step] = is_nan || maxai_is_zero(value) ? 255 : rank;
  if (c->out[MAXAI_NAN_ZERO] >= 0)
    to[(size_t)c->out[MAXAI_NAN_ZERO] * step] = is_nan ? c->rank_of_zero : rank;
}

static inline uint8_t maxai_category(uint8_t set_rule, double x) {
  if (x != x) return 254;
  double whole = trunc(x);
  int is_outside = (set_rule == 0 && x < 0) || (set_rule == 2 && whole != x) || whole < 0;
  if (maxai_is_zero(x)) return is_outside ? 252 : 253;
  return !is_outside && whole <= 251 ? (uint8_t)whole : 255;
}

static inline void maxai_categories(const maxai_byte_trees *t, const maxai_category_column *c, const void *x,
                                    size_t stride, size_t first, size_t rows, uint8_t *to) {
  for (size_t i = 0; i < rows; i++)
    to[maxai_position(i)] = maxai_category(t->set_rule, maxai_value(t, x, c->source, stride, first + i));
}

// The set tests of one row, copied from the row of its category.
static inline void maxai_row_sets(const maxai_byte_trees *t, const void *x, size_t stride, size_t row,
                                  uint8_t *bytes) {
  for (int32_t k = 0; k < t->category_count; k++) {
    const maxai_category_column *c = t->categories + k;
    uint8_t category = maxai_category(t->set_rule, maxai_value(t, x, c->source, stride, row));
    memcpy(bytes + c->first_set, c->by_category + (size_t)category * (size_t)c->set_count,
           (size_t)c->set_count);
  }
}

static inline int maxai_test_is_false(const maxai_test_column *test, uint8_t set_rule, double value) {
  int is_true = maxai_missing_decides(test->missing, &value);
  if (is_true < 0)
    is_true = test->comparison == 6 ? maxai_is_member(test->words, test->word_count, set_rule, value)
                                    : maxai_compares(test->comparison, value, test->threshold);
  return !is_true;
}

static inline void maxai_test_columns(const maxai_byte_trees *t, const void *x, size_t stride, size_t first,
                                      size_t rows, size_t step, uint8_t *bytes) {
  for (int32_t c = 0; c < t->test_count; c++) {
    const maxai_test_column *test = t->tests + c;
    uint8_t *to = bytes + (size_t)test->out * step;
    for (size_t i = 0; i < rows; i++) {
      double value = maxai_value(t, x, test->source, stride, first + i);
      to[step == 64 ? maxai_position(i) : i] = (uint8_t)maxai_test_is_false(test, t->set_rule, value);
    }
  }
}
