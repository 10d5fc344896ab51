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

// Ranks as a policy wants them: `when_missing` where `missing` is 255.
INLINE void policy_column(const maxai_rank_column *c, int policy, const uint8_t *rank, const uint8_t *missing,
                          uint8_t when_missing, uint8_t *bytes) {
  if (c->out[policy] < 0) return;
  uint8_t *to = bytes + (size_t)c->out[policy] * 64;
  for (size_t i = 0; i < 64; i++) to[i] = (uint8_t)((rank[i] & ~missing[i]) | (when_missing & missing[i]));
}

// Any other 64 rows: ranks first, then what the policies make of missing values.
INLINE void block_column(const maxai_rank_column *c, int x_is_f64, int compares_f64, const void *x,
                         uint8_t *bytes) {
  uint8_t rank[64], is_nan[64], is_zero[64];
  for (size_t q = 0; q < 4; q++)
    for (size_t j = 0; j < 16; j++) {
      double value = x_is_f64 ? ((const double *)x)[16 * q + j] : ((const float *)x)[16 * q + j];
      if (!compares_f64) value = (float)value;
      rank[4 * j + q] = compares_f64 ? rank_f64(c, 1, value) : rank_f32(c, 1, (float)value);
      is_nan[4 * j + q] = value != value ? 255 : 0;
      is_zero[4 * j + q] = fabs(value) > (double)1e-35f ? 0 : 255;
    }
  policy_column(c, MAXAI_NAN_LEFT, rank, is_nan, 0, bytes);
  policy_column(c, MAXAI_NAN_RIGHT, rank, is_nan, 255, bytes);
  policy_column(c, MAXAI_ZERO_LEFT, rank, is_zero, 0, bytes);
  policy_column(c, MAXAI_ZERO_RIGHT, rank, is_zero, 255, bytes);
  policy_column(c, MAXAI_NAN_ZERO, rank, is_nan, c->rank_of_zero, bytes);
}

INLINE void rank_column(const maxai_byte_trees *t, const maxai_rank_column *c, const void *x, size_t stride,
                        size_t first, size_t rows, size_t step, uint8_t *bytes) {
  int is_plain = c->out[MAXAI_ZERO_LEFT] < 0 && c->out[MAXAI_ZERO_RIGHT] < 0 && c->out[MAXAI_NAN_ZERO] < 0;
  size_t start = (size_t)c->source * stride + first;
  if (is_plain && !t->x_is_f64) {
    plain_column(c, (const float *)x + start, rows, step, bytes);
    return;
  }
  if (rows == 64 && step == 64) {
    if (!t->x_is_f64)
      block_column(c, 0, 0, (const float *)x + start, bytes);
    else if (t->compares_f64)
      block_column(c, 1, 1, (const double *)x + start, bytes);
    else
      block_column(c, 1, 0, (const double *)x + start, bytes);
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
