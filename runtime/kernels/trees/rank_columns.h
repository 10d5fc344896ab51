// Ranks in two steps of sixteen thresholds, for any instruction set that counts them at once: included after
// INLINE (its attributes), count_f32 and count_f64, which say how many of sixteen thresholds are not above
// value.

INLINE uint8_t rank_f32(const maxai_rank_column *c, int is_wide, float value) {
  if (!is_wide) return (uint8_t)count_f32(c->thresholds, value);
  unsigned group = count_f32(c->first, value);
  return (uint8_t)(16 * group + count_f32((const float *)c->thresholds + 16 * group, value));
}
INLINE uint8_t rank_f64(const maxai_rank_column *c, int is_wide, double value) {
  if (!is_wide) return (uint8_t)count_f64(c->thresholds, value);
  unsigned group = count_f64(c->first, value);
  return (uint8_t)(16 * group + count_f64((const double *)c->thresholds + 16 * group, value));
}

// The common case: f32 values, NaN the only missing one.
INLINE void plain_value(const maxai_rank_column *c, int is_wide, float value, uint8_t *left, uint8_t *right,
                        size_t at) {
  uint8_t rank = rank_f32(c, is_wide, value);
  if (left) left[at] = rank;
  if (right) right[at] = value != value ? 255 : rank;
}

// 64 rows, for any ranks and policies; every instruction set has its own.
INLINE void block_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x,
                         uint8_t *bytes);

INLINE void rank_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x, size_t stride,
                        size_t first, size_t rows, size_t step, uint8_t *bytes) {
  int is_plain = c->out[MAXAI_ZERO_LEFT] < 0 && c->out[MAXAI_ZERO_RIGHT] < 0 && c->out[MAXAI_NAN_ZERO] < 0;
  int is_wide = c->count > 16;
  size_t start = (size_t)c->source * stride + first;
  if (rows == 64 && step == 64) {
    block_column(t, c, (const char *)x + start * (t->x_is_f64 ? 8 : 4), bytes);
  } else if (is_plain && !t->x_is_f64) {
    uint8_t *left = c->out[MAXAI_NAN_LEFT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_LEFT] * step;
    uint8_t *right = c->out[MAXAI_NAN_RIGHT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_RIGHT] * step;
    const float *values = (const float *)x + start;
    for (size_t i = 0; i < rows; i++)
      plain_value(c, is_wide, values[i], left, right, step == 64 ? maxai_position(i) : i);
  } else {
    for (size_t i = 0; i < rows; i++) {
      double value = maxai_value(t, x, c->source, stride, first + i);
      uint8_t rank = t->compares_f64 ? rank_f64(c, is_wide, value) : rank_f32(c, is_wide, (float)value);
      maxai_store_rank(c, value, rank, step, bytes + (step == 64 ? maxai_position(i) : i));
    }
  }
}

INLINE void rank_columns(const maxai_byte_trees *t, const void *x, size_t stride, size_t first, size_t rows,
                         size_t step, uint8_t *bytes) {
  if (step == 64)
    for (int32_t c = 0; c < t->rank_count; c++)
      rank_column(t, t->ranks + c, x, stride, first, rows, 64, bytes);
  else
    for (int32_t c = 0; c < t->rank_count; c++) rank_column(t, t->ranks + c, x, stride, first, 1, 1, bytes);
}
