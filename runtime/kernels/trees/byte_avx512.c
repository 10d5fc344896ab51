// Trees on bytes, 64 rows to a register.
//
// A full tree needs no masks: bit 7 of avg(byte, 254 - rank) says whether byte > rank, and `ternary logic`
// picks, level by level, the decision of the node that a row is at. A tree of free shape carries one mask per
// node.
#include "leaves.h"

#pragma clang fp contract(off)

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

typedef struct {
  const uint32_t *offset, *limit;
  const uint8_t *bytes;
  size_t apart;  // from the first 64 rows' bytes to the second's; 0: there is no second
} heap;

// Of up to twice 64 rows.
typedef struct {
  __m512i a, b;
} rows128;

AVX512_INLINE rows128 decide(const heap *h, unsigned node) {
  __m512i limit = _mm512_set1_epi32((int)h->limit[node]);
  const uint8_t *from = h->bytes + h->offset[node];
  rows128 out;
  out.a = _mm512_avg_epu8(limit, _mm512_loadu_si512(from));
  out.b = h->apart ? _mm512_avg_epu8(limit, _mm512_loadu_si512(from + h->apart)) : out.a;
  return out;
}

// Where bit 7 of s is set, that of right, else that of left.
AVX512_INLINE rows128 choose(rows128 s, rows128 right, rows128 left) {
  rows128 out;
  out.a = _mm512_ternarylogic_epi64(s.a, right.a, left.a, 0xca);
  out.b = _mm512_ternarylogic_epi64(s.b, right.b, left.b, 0xca);
  return out;
}

// Of the nodes `levels` below `node`, the decision of the one that the decisions `s` lead to.
#define DESCEND(levels, below)                                                                       \
  AVX512_INLINE rows128 descend##levels(const heap *h, unsigned node, const rows128 *s) {            \
    return choose(s[0], descend##below(h, 2 * node + 1, s + 1), descend##below(h, 2 * node, s + 1)); \
  }
AVX512_INLINE rows128 descend0(const heap *h, unsigned node, const rows128 *s) {
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
AVX512_INLINE __m512i code_of(const __m512i *s, int depth) {
  const __m512i top = _mm512_set1_epi8((char)0x80);
  __m512i code = _mm512_setzero_si512();
  for (int d = depth - 1; d >= 0; d--)
    // code >> 1 | (s & top)
    code = _mm512_ternarylogic_epi64(_mm512_srli_epi16(code, 1), s[d], top, 0xf8);
  return depth == 0 ? code : _mm512_srli_epi16(code, 8 - depth);
}

// Adds up to 64 leaves by permutation; `code` is 0 ..< 2^depth. Lane j of `to + 16 q` is byte q of lane j.
AVX512_INLINE void add_f32(const float *leaves, int depth, __m512i code, float *to) {
  __m512 l0 = _mm512_loadu_ps(leaves), l1 = l0, l2 = l0, l3 = l0;
  if (depth > 4) l1 = _mm512_loadu_ps(leaves + 16);
  if (depth > 5) l2 = _mm512_loadu_ps(leaves + 32), l3 = _mm512_loadu_ps(leaves + 48);
  const __m512i high = _mm512_set1_epi32(32);
  for (int q = 0; q < 4; q++) {
    __m512i at = _mm512_srli_epi32(code, (unsigned)(8 * q));
    __m512 leaf = depth > 4 ? _mm512_permutex2var_ps(l0, at, l1) : _mm512_permutexvar_ps(at, l0);
    if (depth > 5)
      leaf = _mm512_mask_mov_ps(leaf, _mm512_test_epi32_mask(at, high), _mm512_permutex2var_ps(l2, at, l3));
    _mm512_storeu_ps(to + 16 * q, _mm512_add_ps(_mm512_loadu_ps(to + 16 * q), leaf));
  }
}

AVX512_INLINE __m512i lane_codes(__m512i code, int q) {
  return _mm512_and_si512(_mm512_srli_epi32(code, (unsigned)(8 * q)), _mm512_set1_epi32(255));
}

AVX512_INLINE void gather_f32(const float *leaves, __m512i code, float *to) {
  for (int q = 0; q < 4; q++) {
    __m512 leaf = _mm512_i32gather_ps(lane_codes(code, q), leaves, 4);
    _mm512_storeu_ps(to + 16 * q, _mm512_add_ps(_mm512_loadu_ps(to + 16 * q), leaf));
  }
}

AVX512_INLINE void gather_f64(const double *leaves, __m512i code, double *to) {
  for (int q = 0; q < 4; q++) {
    __m512i at = lane_codes(code, q);
    __m512d low = _mm512_i32gather_pd(_mm512_castsi512_si256(at), leaves, 8);
    __m512d high = _mm512_i32gather_pd(_mm512_extracti64x4_epi64(at, 1), leaves, 8);
    double *here = to + 16 * q;
    _mm512_storeu_pd(here, _mm512_add_pd(_mm512_loadu_pd(here), low));
    _mm512_storeu_pd(here + 8, _mm512_add_pd(_mm512_loadu_pd(here + 8), high));
  }
}

// `depth` is that of a full tree that has the leaves, 7 for more than 64.
AVX512_INLINE void add_leaves(const maxai_byte_trees *t, int32_t tree, int depth, __m512i code, size_t stride,
                              size_t first, void *out) {
  size_t start = (size_t)t->leaf_starts[tree], at = (size_t)t->tree_output[tree] * stride + first;
  if (t->leaf_stride > 1) {
    uint8_t codes[64];
    _mm512_storeu_si512(codes, code);
    maxai_add_leaves(t, tree, codes, stride, 64, (uint8_t *)out + first * (t->leaf_is_f64 ? 8 : 4));
  } else if (t->leaf_is_f64) {
    gather_f64((const double *)t->leaves + start, code, (double *)out + at);
  } else if (depth <= 6) {
    add_f32((const float *)t->leaves + start, depth, code, (float *)out + at);
  } else {
    gather_f32((const float *)t->leaves + start, code, (float *)out + at);
  }
}

AVX512_INLINE void heap_rows(const maxai_byte_trees *t, int32_t tree, int depth, const heap *h, size_t stride,
                             size_t first, void *out) {
  rows128 s[6];
  if (depth > 0) s[0] = decide(h, 1);
  if (depth > 1) s[1] = descend1(h, 1, s);
  if (depth > 2) s[2] = descend2(h, 1, s);
  if (depth > 3) s[3] = descend3(h, 1, s);
  if (depth > 4) s[4] = descend4(h, 1, s);
  if (depth > 5) s[5] = descend5(h, 1, s);
  __m512i a[6], b[6];
  for (int d = 0; d < depth; d++) a[d] = s[d].a, b[d] = s[d].b;
  add_leaves(t, tree, depth, code_of(a, depth), stride, first, out);
  if (h->apart) add_leaves(t, tree, depth, code_of(b, depth), stride, first + 64, out);
}

AVX512_INLINE void heap_tree(const maxai_byte_trees *t, int32_t tree, int depth, const uint8_t *bytes,
                             size_t stride, size_t rows, void *out) {
  size_t block = 64 * (size_t)t->width, row = 0;
  // Without a test there are no bytes, and none are read, but there may still be 128 rows.
  heap h = {t->heap_offset + t->starts[tree], t->heap_limit + t->starts[tree], bytes, block ? block : 64};
  for (; row + 128 <= rows; row += 128, h.bytes += 2 * block) heap_rows(t, tree, depth, &h, stride, row, out);
  if (row < rows) {
    heap single = {h.offset, h.limit, h.bytes, 0};
    heap_rows(t, tree, depth, &single, stride, row, out);
  }
}

// Masks say which rows reach a node; NO_CHILD's belongs to nobody.
AVX512_INLINE void free_tree(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, size_t stride,
                             size_t rows, void *out) {
  const maxai_byte_node *nodes = t->nodes + t->starts[tree];
  int depth = t->leaf_counts[tree] <= 64 ? 6 : 7;
  for (size_t row = 0; row < rows; row += 64, bytes += 64 * (size_t)t->width) {
    __mmask64 path[256];
    path[0] = ~0ull;
    __m512i code = _mm512_setzero_si512();
    for (int n = 0; n < t->node_count[tree]; n++) {
      const maxai_byte_node *node = nodes + n;
      __mmask64 here = path[n];
      __m512i column = _mm512_loadu_si512(bytes + node->offset);
      __mmask64 right = _mm512_mask_cmpgt_epu8_mask(here, column, _mm512_set1_epi32((int)node->rank));
      path[node->left] = here & ~right;
      path[node->right] = right;
      code = _mm512_mask_add_epi8(code, right, code, _mm512_set1_epi32((int)node->left_leaves));
    }
    add_leaves(t, tree, depth, code, stride, row, out);
  }
}

AVX512 void maxai_byte_trees_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                                    uint8_t *bytes, void *out) {
  size_t block = 64 * (size_t)t->width;
  for (size_t row = 0; row < rows; row += 64)
    maxai_byte_columns_avx512(t, x, stride, row, rows - row < 64 ? rows - row : 64, 64,
                              bytes + row / 64 * block);
  rows = (rows + 63) / 64 * 64;
  maxai_start_scores(t, stride, rows, out);
  for (int32_t tree = 0; tree < t->tree_count; tree++) {
    switch (t->depth[tree]) {
#define HEAP(depth)                                      \
  case depth:                                            \
    heap_tree(t, tree, depth, bytes, stride, rows, out); \
    break;
      HEAP(0)
      HEAP(1)
      HEAP(2)
      HEAP(3)
      HEAP(4)
      HEAP(5)
      HEAP(6)
#undef HEAP
      default:
        free_tree(t, tree, bytes, stride, rows, out);
    }
  }
  maxai_finish_scores(t, stride, rows, out);
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX512 here.
void maxai_byte_trees_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                             uint8_t *bytes, void *out) {
  maxai_byte_trees_scalar(t, x, stride, rows, bytes, out);
}
#endif
