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

INLINE void plain_rows(const maxai_rank_column *c, int is_wide, const float *x, size_t rows, uint8_t *left,
                       uint8_t *right) {
  if (rows < 64) {
    for (size_t i = 0; i < rows; i++) plain_value(c, is_wide, x[i], left, right, maxai_position(i));
    return;
  }
  for (size_t q = 0; q < 4; q++)
    for (size_t j = 0; j < 16; j++) plain_value(c, is_wide, x[16 * q + j], left, right, 4 * j + q);
}

// `step` is 64, rows in the order of bytes, or 1 for one row.
INLINE void plain_column(const maxai_rank_column *c, const float *x, size_t rows, size_t step,
                         uint8_t *bytes) {
  uint8_t *left = c->out[MAXAI_NAN_LEFT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_LEFT] * step;
  uint8_t *right = c->out[MAXAI_NAN_RIGHT] < 0 ? 0 : bytes + (size_t)c->out[MAXAI_NAN_RIGHT] * step;
  int is_wide = c->count > 16;
  if (step == 1) {
    plain_value(c, is_wide, *x, left, right, 0);
  } else if (is_wide) {
    if (!right)
      plain_rows(c, 1, x, rows, left, 0);
    else if (!left)
      plain_rows(c, 1, x, rows, 0, right);
    else
      plain_rows(c, 1, x, rows, left, right);
  } else {
    plain_rows(c, 0, x, rows, left, right);
  }
}

INLINE void rank_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x, size_t stride,
                        size_t first, size_t rows, size_t step, uint8_t *bytes) {
  int is_plain = c->out[MAXAI_ZERO_LEFT] < 0 && c->out[MAXAI_ZERO_RIGHT] < 0 && c->out[MAXAI_NAN_ZERO] < 0;
  if (is_plain && !t->x_is_f64) {
    plain_column(c, (const float *)x + (size_t)c->source * stride + first, rows, step, bytes);
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    double value = maxai_value(t, x, c->source, stride, first + i);
    int is_wide = c->count > 16;
    uint8_t rank = t->compares_f64 ? rank_f64(c, is_wide, value) : rank_f32(c, is_wide, (float)value);
    maxai_store_rank(c, value, rank, step, bytes + (step == 64 ? maxai_position(i) : i));
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
