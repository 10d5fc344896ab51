// The 16-bit codes of rows, for any instruction set that counts thresholds by sixteens: included after
// INLINE, count_f32 and count_f64, as rank_columns.h is.

INLINE double word_value(const maxai_walk_trees *t, const void *x, int32_t column, size_t stride,
                         size_t row) {
  size_t at = (size_t)column * stride + row;
  if (!t->x_is_f64) return ((const float *)x)[at];
  double value = ((const double *)x)[at];
  return t->compares_f64 ? value : (float)value;
}

// How many of the thresholds are not above value, from level to level.
INLINE uint16_t word_rank_f32(const maxai_word_ranks *c, float value) {
  unsigned group = 0;
  for (int level = c->level_count - 1; level >= 0; level--)
    group = 16 * group + count_f32((const float *)c->levels[level] + 16 * group, value);
  return (uint16_t)group;
}
INLINE uint16_t word_rank_f64(const maxai_word_ranks *c, double value) {
  unsigned group = 0;
  for (int level = c->level_count - 1; level >= 0; level--)
    group = 16 * group + count_f64((const double *)c->levels[level] + 16 * group, value);
  return (uint16_t)group;
}

INLINE void store_word(const maxai_word_ranks *c, double value, uint16_t rank, uint16_t *to) {
  int is_nan = value != value, is_missing = is_nan || maxai_is_zero(value);
  if (c->out[MAXAI_NAN_LEFT] >= 0) to[c->out[MAXAI_NAN_LEFT]] = rank;
  if (c->out[MAXAI_NAN_RIGHT] >= 0) to[c->out[MAXAI_NAN_RIGHT]] = is_nan ? 65535 : rank;
  if (c->out[MAXAI_ZERO_LEFT] >= 0) to[c->out[MAXAI_ZERO_LEFT]] = is_missing ? 0 : rank;
  if (c->out[MAXAI_ZERO_RIGHT] >= 0) to[c->out[MAXAI_ZERO_RIGHT]] = is_missing ? 65535 : rank;
  if (c->out[MAXAI_NAN_ZERO] >= 0) to[c->out[MAXAI_NAN_ZERO]] = is_nan ? c->rank_of_zero : rank;
}

// The codes of every row side by side, `width` of them.
INLINE void word_codes(const maxai_walk_trees *t, const void *x, size_t stride, size_t rows,
                       uint16_t *codes) {
  size_t width = (size_t)t->width;
  for (int32_t k = 0; k < t->rank_count; k++) {
    const maxai_word_ranks *c = t->ranks + k;
    for (size_t row = 0; row < rows; row++) {
      double value = word_value(t, x, c->source, stride, row);
      uint16_t rank = t->compares_f64 ? word_rank_f64(c, value) : word_rank_f32(c, (float)value);
      store_word(c, value, rank, codes + row * width);
    }
  }
  for (int32_t k = 0; k < t->test_count; k++) {
    const maxai_test_column *test = t->tests + k;
    for (size_t row = 0; row < rows; row++)
      codes[row * width + (size_t)test->out] =
          (uint16_t)maxai_test_is_false(test, t->set_rule, word_value(t, x, test->source, stride, row));
  }
}
