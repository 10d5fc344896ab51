#include "maxai_learning.h"

// Rows whose sums of 16-bit halves cannot leave 32 bits.
enum { BLOCK = 1 << 16, AHEAD = 24 };

static inline uint64_t widened(uint32_t gh) {
  return ((uint64_t)(int64_t)(int16_t)(gh >> 16) << 32) + (gh & 0xffff);
}

// `columns` is a constant where this is inlined.
static inline __attribute__((always_inline)) void add_rows(const uint8_t* bins, size_t stride, size_t columns,
                                                           const maxai_entry* entries, size_t n,
                                                           uint64_t* packed) {
  for (size_t i = 0; i < n; i++) {
    if (i + AHEAD < n) __builtin_prefetch(bins + (size_t)entries[i + AHEAD].row * stride);
    const uint8_t* row = bins + (size_t)entries[i].row * stride;
    uint64_t word = widened(entries[i].gh);
    for (size_t c = 0; c < columns; c++) packed[c * MAXAI_BINS + row[c]] += word;
  }
}

static void add_block(const uint8_t* bins, size_t stride, size_t columns, const maxai_entry* entries,
                      size_t n, uint64_t* packed) {
  switch (columns) {
    case 4:
      add_rows(bins, stride, 4, entries, n, packed);
      break;
    case 8:
      add_rows(bins, stride, 8, entries, n, packed);
      break;
    case 16:
      add_rows(bins, stride, 16, entries, n, packed);
      break;
    case 28:
      add_rows(bins, stride, 28, entries, n, packed);
      break;
    case 32:
      add_rows(bins, stride, 32, entries, n, packed);
      break;
    default:
      add_rows(bins, stride, columns, entries, n, packed);
  }
}

static void flush(uint64_t* packed, size_t columns, int64_t* sums) {
  for (size_t c = 0; c < columns; c++) {
    uint64_t* from = packed + c * MAXAI_BINS;
    int64_t* g = sums + c * 2 * MAXAI_BINS;
    int64_t* h = g + MAXAI_BINS;
    for (size_t b = 0; b < MAXAI_BINS; b++) {
      uint64_t word = from[b];
      from[b] = 0;
      g[b] += (int32_t)(word >> 32);
      h[b] += (uint32_t)word;
    }
  }
}

void maxai_histogram(const uint8_t* bins, size_t stride, size_t columns, const maxai_entry* entries, size_t n,
                     uint64_t* packed, int64_t* sums) {
  for (size_t start = 0; start < n; start += BLOCK) {
    size_t count = n - start < BLOCK ? n - start : BLOCK;
    add_block(bins, stride, columns, entries + start, count, packed);
    flush(packed, columns, sums);
  }
}

size_t maxai_partition(const uint8_t* column, size_t stride, const uint64_t goes_left[4],
                       const maxai_entry* entries, size_t n, maxai_entry* left, maxai_entry* right) {
  uint8_t table[MAXAI_BINS];
  for (size_t b = 0; b < MAXAI_BINS; b++) table[b] = goes_left[b >> 6] >> (b & 63) & 1;
  size_t l = 0, r = 0;
  for (size_t i = 0; i < n; i++) {
    if (i + AHEAD < n) __builtin_prefetch(column + (size_t)entries[i + AHEAD].row * stride);
    maxai_entry entry = entries[i];
    size_t goes = table[column[(size_t)entry.row * stride]];
    left[l] = entry;
    right[r] = entry;
    l += goes;
    r += 1 - goes;
  }
  return l;
}

void maxai_leaf_sums(const maxai_entry* entries, size_t n, const float* g, const float* h, double* g_sum,
                     double* h_sum) {
  double gs = 0, hs = 0;
  for (size_t i = 0; i < n; i++) {
    gs += (double)g[entries[i].row];
    hs += (double)h[entries[i].row];
  }
  *g_sum = gs;
  *h_sum = hs;
}

void maxai_add_to_rows(const maxai_entry* entries, size_t n, double value, double* score) {
  for (size_t i = 0; i < n; i++) score[entries[i].row] += value;
}
