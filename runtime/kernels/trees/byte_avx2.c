// Trees on bytes with AVX2: 64 rows in two registers. The same steps as with AVX-512, masks being whole
// bytes.
#include "byte_row.h"

#pragma clang fp contract(off)

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))
#define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

typedef struct {
  const uint32_t *offset, *limit;
  const uint8_t *bytes;
} heap;

// Bit 7 of every byte: it is above the node's rank.
AVX2_INLINE __m256i decide(const heap *h, unsigned node) {
  return _mm256_avg_epu8(_mm256_set1_epi32((int)h->limit[node]),
                         _mm256_loadu_si256((const __m256i *)(h->bytes + h->offset[node])));
}

// Of the nodes `levels` below `node`, the decision of the one that the decisions `s` lead to.
#define DESCEND(levels, below)                                                                            \
  AVX2_INLINE __m256i descend##levels(const heap *h, unsigned node, const __m256i *s) {                   \
    return _mm256_blendv_epi8(descend##below(h, 2 * node, s + 1), descend##below(h, 2 * node + 1, s + 1), \
                              s[0]);                                                                      \
  }
AVX2_INLINE __m256i descend0(const heap *h, unsigned node, const __m256i *s) {
  (void)s;
  return decide(h, node);
}
DESCEND(1, 0)
DESCEND(2, 1)
DESCEND(3, 2)
DESCEND(4, 3)
DESCEND(5, 4)
#undef DESCEND

// The leaf of every row as a byte, from the last decision to the first.
AVX2_INLINE __m256i code_of(const __m256i *s, int depth) {
  const __m256i top = _mm256_set1_epi8((char)0x80);
  __m256i code = _mm256_setzero_si256();
  for (int d = depth - 1; d >= 0; d--)
    code = _mm256_or_si256(_mm256_srli_epi16(code, 1), _mm256_and_si256(s[d], top));
  return depth == 8 ? code : _mm256_srli_epi16(code, 8 - depth);
}

AVX2_INLINE __m256i heap_codes(const heap *h, int depth) {
  __m256i s[6];
  if (depth == 0) return _mm256_setzero_si256();
  if (depth > 0) s[0] = decide(h, 1);
  if (depth > 1) s[1] = descend1(h, 1, s);
  if (depth > 2) s[2] = descend2(h, 1, s);
  if (depth > 3) s[3] = descend3(h, 1, s);
  if (depth > 4) s[4] = descend4(h, 1, s);
  if (depth > 5) s[5] = descend5(h, 1, s);
  return code_of(s, depth);
}

AVX2_INLINE void heap_tree(const maxai_byte_trees *t, int32_t tree, int depth, const uint8_t *bytes,
                           uint8_t *code) {
  for (int half = 0; half < 64; half += 32) {
    heap h = {t->heap_offset + t->starts[tree], t->heap_limit + t->starts[tree], bytes + half};
    _mm256_storeu_si256((__m256i *)(code + half), heap_codes(&h, depth));
  }
}

// An oblivious tree has one test per level, the first the most significant bit of the leaf.
AVX2_INLINE void oblivious_tree(const maxai_byte_trees *t, int32_t tree, int depth, const uint8_t *bytes,
                                uint8_t *code) {
  for (int half = 0; half < 64; half += 32) {
    heap h = {t->heap_offset + t->starts[tree], t->heap_limit + t->starts[tree], bytes + half};
    __m256i s[8];
    for (unsigned d = 0; d < (unsigned)depth; d++) s[d] = decide(&h, d);
    _mm256_storeu_si256((__m256i *)(code + half), code_of(s, depth));
  }
}

// The mask after the last node's belongs to nobody.
AVX2_INLINE void free_tree(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, uint8_t *code) {
  const maxai_byte_node *nodes = t->nodes + t->starts[tree];
  for (int half = 0; half < 64; half += 32) {
    __m256i path[256], codes = _mm256_setzero_si256();
    path[0] = _mm256_set1_epi8(-1);
    for (int n = 0; n < t->node_count[tree]; n++) {
      const maxai_byte_node *node = nodes + n;
      __m256i rank = _mm256_set1_epi8((char)node->limit);
      __m256i column = _mm256_loadu_si256((const __m256i *)(bytes + half + 64 * (size_t)node->column));
      // byte <= rank
      __m256i goes_left = _mm256_cmpeq_epi8(_mm256_max_epu8(column, rank), rank);
      __m256i right = _mm256_andnot_si256(goes_left, path[n]);
      path[node->left] = _mm256_and_si256(goes_left, path[n]);
      path[node->right] = right;
      codes = _mm256_add_epi8(codes, _mm256_and_si256(right, _mm256_set1_epi8((char)node->left_leaves)));
    }
    _mm256_storeu_si256((__m256i *)(code + half), codes);
  }
}

AVX2_INLINE void add_f32(const float *leaves, const uint8_t *code, float *to) {
  for (size_t q = 0; q < 4; q++)
    for (size_t j = 0; j < 16; j++) to[16 * q + j] += leaves[code[4 * j + q]];
}

// Trees outside, blocks of 64 rows inside: the nodes of a tree stay where the next block finds them.
AVX2 void maxai_byte_trees_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                                uint8_t *bytes, void *out) {
  size_t element = t->leaf_is_f64 ? 8 : 4, padded = (rows + 63) / 64 * 64, block = 64 * (size_t)t->width;
  int is_plain = t->leaf_stride == 1 && !t->leaf_is_f64;
  for (size_t first = 0; first < rows; first += 64)
    maxai_byte_columns_avx2(t, x, stride, first, rows - first < 64 ? rows - first : 64, 64,
                            bytes + first / 64 * block);
  maxai_start_scores(t, stride, padded, out);
  for (int32_t tree = 0; tree < t->tree_count; tree++) {
    const uint8_t *from = bytes;
    for (size_t first = 0; first < rows; first += 64, from += block) {
      uint8_t code[64], *to = (uint8_t *)out + first * element;
      switch (t->shape[tree]) {
#define HEAP(depth)                        \
  case depth:                              \
    heap_tree(t, tree, depth, from, code); \
    break;
        HEAP(0)
        HEAP(1)
        HEAP(2)
        HEAP(3)
        HEAP(4)
        HEAP(5)
        HEAP(6)
#undef HEAP
#define OBLIVIOUS(depth)                        \
  case MAXAI_OBLIVIOUS + depth:                 \
    oblivious_tree(t, tree, depth, from, code); \
    break;
        OBLIVIOUS(1)
        OBLIVIOUS(2)
        OBLIVIOUS(3)
        OBLIVIOUS(4)
        OBLIVIOUS(5)
        OBLIVIOUS(6)
        OBLIVIOUS(7)
        OBLIVIOUS(8)
#undef OBLIVIOUS
        default:
          free_tree(t, tree, from, code);
      }
      if (is_plain)
        add_f32((const float *)t->leaves + t->leaf_starts[tree], code,
                (float *)to + (size_t)t->tree_output[tree] * stride);
      else
        maxai_add_leaves(t, tree, code, stride, 64, to);
    }
  }
  maxai_finish_scores(t, stride, padded, out);
}

// Of one row up to 64 bytes, sixteen to a table.
typedef struct {
  __m256i table[4];
} row64;

// The bytes of the columns `ids`: every table is asked for the low four bits, and bits 4 and 5 say which of
// the answers it is.
AVX2_INLINE __m256i pick(const row64 *row, int tables, __m256i ids) {
  __m256i bit4 = _mm256_slli_epi16(ids, 3), bit5 = _mm256_slli_epi16(ids, 2);
  __m256i low = _mm256_shuffle_epi8(row->table[0], ids), high = low;
  if (tables > 1) low = _mm256_blendv_epi8(low, _mm256_shuffle_epi8(row->table[1], ids), bit4);
  if (tables > 2) high = _mm256_shuffle_epi8(row->table[2], ids);
  if (tables > 3) high = _mm256_blendv_epi8(high, _mm256_shuffle_epi8(row->table[3], ids), bit4);
  return tables > 2 ? _mm256_blendv_epi8(low, high, bit5) : low;
}

// Bit i: heap node `half + i` sends the row right.
AVX2_INLINE uint32_t decide32(const maxai_byte_trees *t, int32_t tree, int half, const row64 *row,
                              int tables) {
  size_t at = 64 * (size_t)tree + (size_t)half;
  __m256i bytes = pick(row, tables, _mm256_loadu_si256((const __m256i *)(t->row_columns + at)));
  __m256i ranks = _mm256_loadu_si256((const __m256i *)(t->row_ranks + at));
  return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(bytes, ranks), ranks));
}

// All nodes of a tree are tested at once, then several trees go down their words of decisions side by side.
AVX2_INLINE void shuffle_row(const maxai_byte_trees *t, int tables, const uint8_t *bytes, size_t stride,
                             size_t row, void *out) {
  row64 r;
  for (int k = 0; k < tables; k++)
    r.table[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(bytes + 16 * k)));
  enum { n = MAXAI_TREES_IN_FLIGHT };
  int32_t tree = 0;
  for (; tree + n <= t->tree_count; tree += n) {
    uint64_t word[n], at[n];
    uint8_t code[n];
    unsigned shape = t->shape[tree];
    if (shape == MAXAI_FREE_SHAPE || !maxai_is_uniform(t, tree)) {
      maxai_row_codes(t, tree, n, bytes, code);
      maxai_row_add(t, tree, n, code, stride, row, out);
      continue;
    }
    for (int k = 0; k < n; k++) {
      word[k] = decide32(t, tree + k, 0, &r, tables);
      if (shape == 6) word[k] |= (uint64_t)decide32(t, tree + k, 32, &r, tables) << 32;
      at[k] = 1;
    }
    if (shape > MAXAI_OBLIVIOUS) {
      // Its levels stand in the order of a leaf's bits.
      for (int k = 0; k < n; k++) code[k] = (uint8_t)(word[k] & ((1u << (shape - MAXAI_OBLIVIOUS)) - 1));
    } else {
      for (unsigned level = 0; level < shape; level++)
        for (int k = 0; k < n; k++) at[k] = maxai_step_down(at[k], word[k]);
      for (int k = 0; k < n; k++) code[k] = (uint8_t)(at[k] - (1u << shape));
    }
    maxai_row_add(t, tree, n, code, stride, row, out);
  }
  maxai_row_walks(t, bytes, tree, stride, row, out);
}

AVX2 void maxai_byte_trees_row_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                                    uint8_t *bytes, void *out) {
  maxai_start_scores(t, stride, rows, out);
  int tables = t->row_columns && t->width <= 64 ? (t->width + 15) / 16 : 0;
  for (size_t row = 0; row < rows; row++) {
    maxai_byte_columns_avx2(t, x, stride, row, 1, 1, bytes);
    switch (tables) {
#define SHUFFLE(count)                              \
  case count:                                       \
    shuffle_row(t, count, bytes, stride, row, out); \
    break;
      SHUFFLE(1)
      SHUFFLE(2)
      SHUFFLE(3)
      SHUFFLE(4)
#undef SHUFFLE
      default:
        maxai_row_walks(t, bytes, 0, stride, row, out);
    }
  }
  maxai_finish_scores(t, stride, rows, out);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX2_FMA here.
void maxai_byte_trees_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                           uint8_t *bytes, void *out) {
  maxai_byte_trees_scalar(t, x, stride, rows, bytes, out);
}
void maxai_byte_trees_row_avx2(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                               uint8_t *bytes, void *out) {
  maxai_byte_trees_row_scalar(t, x, stride, rows, bytes, out);
}
#endif
