// Rows of numbers into columns: four rows and four columns at a time, 64 rows before the next columns, so
// that what is read stays near.
#include <string.h>

#include "maxai_kernels.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { near_rows = 64 };

static float load_f32(const char *from) {
  float value;
  memcpy(&value, from, sizeof value);
  return value;
}

static void columns_f32(const char *from, ptrdiff_t row_stride, size_t rows, size_t columns, float *to,
                        size_t stride) {
  size_t c = 0;
#if defined(__SSE2__)
  for (; c + 4 <= columns; c += 4) {
    size_t r = 0;
    for (; r + 4 <= rows; r += 4) {
      const char *at = from + (ptrdiff_t)r * row_stride + 4 * c;
      __m128 row0 = _mm_loadu_ps((const float *)at), row1 = _mm_loadu_ps((const float *)(at + row_stride));
      __m128 row2 = _mm_loadu_ps((const float *)(at + 2 * row_stride)),
             row3 = _mm_loadu_ps((const float *)(at + 3 * row_stride));
      _MM_TRANSPOSE4_PS(row0, row1, row2, row3);
      float *out = to + c * stride + r;
      _mm_storeu_ps(out, row0);
      _mm_storeu_ps(out + stride, row1);
      _mm_storeu_ps(out + 2 * stride, row2);
      _mm_storeu_ps(out + 3 * stride, row3);
    }
    for (; r < rows; r++)
      for (size_t k = c; k < c + 4; k++)
        to[k * stride + r] = load_f32(from + (ptrdiff_t)r * row_stride + 4 * k);
  }
#endif
  for (; c < columns; c++)
    for (size_t r = 0; r < rows; r++) to[c * stride + r] = load_f32(from + (ptrdiff_t)r * row_stride + 4 * c);
}

static double load_f64(const char *from) {
  double value;
  memcpy(&value, from, sizeof value);
  return value;
}

static void columns_f64(const char *from, ptrdiff_t row_stride, size_t rows, size_t columns, double *to,
                        size_t stride) {
  size_t c = 0;
#if defined(__SSE2__)
  for (; c + 2 <= columns; c += 2) {
    size_t r = 0;
    for (; r + 2 <= rows; r += 2) {
      const char *at = from + (ptrdiff_t)r * row_stride + 8 * c;
      __m128d row0 = _mm_loadu_pd((const double *)at), row1 = _mm_loadu_pd((const double *)(at + row_stride));
      _mm_storeu_pd(to + c * stride + r, _mm_unpacklo_pd(row0, row1));
      _mm_storeu_pd(to + (c + 1) * stride + r, _mm_unpackhi_pd(row0, row1));
    }
    for (; r < rows; r++)
      for (size_t k = c; k < c + 2; k++)
        to[k * stride + r] = load_f64(from + (ptrdiff_t)r * row_stride + 8 * k);
  }
#endif
  for (; c < columns; c++)
    for (size_t r = 0; r < rows; r++) to[c * stride + r] = load_f64(from + (ptrdiff_t)r * row_stride + 8 * c);
}

void maxai_columns_f32(const void *from, ptrdiff_t row_stride, size_t rows, size_t columns, float *to,
                       size_t stride) {
  for (size_t r = 0; r < rows; r += near_rows)
    columns_f32((const char *)from + (ptrdiff_t)r * row_stride, row_stride,
                rows - r < near_rows ? rows - r : near_rows, columns, to + r, stride);
}

void maxai_columns_f64(const void *from, ptrdiff_t row_stride, size_t rows, size_t columns, double *to,
                       size_t stride) {
  for (size_t r = 0; r < rows; r += near_rows)
    columns_f64((const char *)from + (ptrdiff_t)r * row_stride, row_stride,
                rows - r < near_rows ? rows - r : near_rows, columns, to + r, stride);
}
