#include <string.h>

#include "maxai_learning.h"
#include "variants.h"

// The number of bounds below x by eight halvings of 256 places; the ones behind the n are +inf, which nothing
// is above.
#define BIN_OF(type, name)                                                                    \
  MAXAI_BODY uint8_t name(const type* bounds, size_t n, type x) {                             \
    size_t at = 0;                                                                            \
    for (size_t half = 128; half > 0; half >>= 1) at += bounds[at + half - 1] < x ? half : 0; \
    return x != x ? MAXAI_MISSING_BIN : (uint8_t)(at < n ? at : n);                           \
  }
BIN_OF(double, bin_of_f64)
BIN_OF(float, bin_of_f32)

MAXAI_BODY void maxai_bin_f64_body(const double* values, size_t rows, const double* bounds, size_t n,
                                   uint8_t* out, size_t stride) {
  uint8_t codes[512];
  for (size_t first = 0; first < rows; first += 512) {
    size_t count = rows - first < 512 ? rows - first : 512;
    for (size_t i = 0; i < count; i++) codes[i] = bin_of_f64(bounds, n, values[first + i]);
    for (size_t i = 0; i < count; i++) out[(first + i) * stride] = codes[i];
  }
}
MAXAI_VARIANTS(void, maxai_bin_f64,
               (const double* values, size_t rows, const double* bounds, size_t n, uint8_t* out,
                size_t stride),
               (values, rows, bounds, n, out, stride))

MAXAI_BODY void maxai_bin_f32_body(const float* values, size_t rows, const float* bounds, size_t n,
                                   uint8_t* out, size_t stride) {
  uint8_t codes[512];
  for (size_t first = 0; first < rows; first += 512) {
    size_t count = rows - first < 512 ? rows - first : 512;
    for (size_t i = 0; i < count; i++) codes[i] = bin_of_f32(bounds, n, values[first + i]);
    for (size_t i = 0; i < count; i++) out[(first + i) * stride] = codes[i];
  }
}
MAXAI_VARIANTS(void, maxai_bin_f32,
               (const float* values, size_t rows, const float* bounds, size_t n, uint8_t* out, size_t stride),
               (values, rows, bounds, n, out, stride))

// Least significant digit first, 11 bits at a time; a digit that all keys share is skipped.
#define RADIX_SORT(type, name, passes)                                                                 \
  void name(type* keys, type* scratch, size_t n) {                                                     \
    enum { DIGIT = 11, PLACES = 1 << DIGIT };                                                          \
    type *from = keys, *to = scratch;                                                                  \
    for (int pass = 0; pass < passes; pass++) {                                                        \
      size_t starts[PLACES];                                                                           \
      memset(starts, 0, sizeof starts);                                                                \
      for (size_t i = 0; i < n; i++) starts[from[i] >> (pass * DIGIT) & (PLACES - 1)]++;               \
      if (n > 0 && starts[from[0] >> (pass * DIGIT) & (PLACES - 1)] == n) continue;                    \
      size_t sum = 0;                                                                                  \
      for (size_t p = 0; p < PLACES; p++) {                                                            \
        size_t count = starts[p];                                                                      \
        starts[p] = sum;                                                                               \
        sum += count;                                                                                  \
      }                                                                                                \
      for (size_t i = 0; i < n; i++) to[starts[from[i] >> (pass * DIGIT) & (PLACES - 1)]++] = from[i]; \
      type* swap = from;                                                                               \
      from = to;                                                                                       \
      to = swap;                                                                                       \
    }                                                                                                  \
    if (from != keys) memcpy(keys, from, n * sizeof *keys);                                            \
  }
RADIX_SORT(uint32_t, maxai_sort_u32, 3)
RADIX_SORT(uint64_t, maxai_sort_u64, 6)
