// Trees on bytes, 64 rows to a register.
//
// A full tree needs no masks: bit 7 of avg(byte, 254 - rank) says whether byte > rank, and `ternary logic`
// picks, level by level, the decision of the node that a row is at. A tree of free shape carries one mask per
// node.
#include "leaves_avx512.h"

#pragma clang fp contract(off)

#if defined(__x86_64__)

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

AVX512_INLINE void heap_rows(const maxai_byte_trees *t, int32_t tree, int depth, const heap *h,
                             const leaf_table *leaves, size_t stride, size_t first, void *out) {
  rows128 s[6];
  if (depth > 0) s[0] = decide(h, 1);
  if (depth > 1) s[1] = descend1(h, 1, s);
  if (depth > 2) s[2] = descend2(h, 1, s);
  if (depth > 3) s[3] = descend3(h, 1, s);
  if (depth > 4) s[4] = descend4(h, 1, s);
  if (depth > 5) s[5] = descend5(h, 1, s);
  __m512i a[6], b[6];
  for (int d = 0; d < depth; d++) a[d] = s[d].a, b[d] = s[d].b;
  add_leaves(t, tree, leaves, depth, code_of(a, depth), stride, first, out);
  if (h->apart) add_leaves(t, tree, leaves, depth, code_of(b, depth), stride, first + 64, out);
}

AVX512_INLINE void heap_tree(const maxai_byte_trees *t, int32_t tree, int depth, const uint8_t *bytes,
                             size_t stride, size_t rows, void *out) {
  size_t block = 64 * (size_t)t->width, row = 0;
  heap h = {t->heap_offset + t->starts[tree], t->heap_limit + t->starts[tree], bytes, block};
  leaf_table leaves;
  load_leaves(t, tree, depth, &leaves);
  for (; row + 128 <= rows; row += 128, h.bytes += 2 * block)
    heap_rows(t, tree, depth, &h, &leaves, stride, row, out);
  if (row < rows) {
    heap single = {h.offset, h.limit, h.bytes, 0};
    heap_rows(t, tree, depth, &single, &leaves, stride, row, out);
  }
}

// An oblivious tree has one test per level, the first the most significant bit of the leaf.
AVX512_INLINE void oblivious_tree(const maxai_byte_trees *t, int32_t tree, int depth, const uint8_t *bytes,
                                  size_t stride, size_t rows, void *out) {
  const uint32_t *offset = t->heap_offset + t->starts[tree], *limit = t->heap_limit + t->starts[tree];
  leaf_table leaves;
  load_leaves(t, tree, depth, &leaves);
  for (size_t row = 0; row < rows; row += 64, bytes += 64 * (size_t)t->width) {
    __m512i s[8];
    for (int d = 0; d < depth; d++)
      s[d] = _mm512_avg_epu8(_mm512_set1_epi32((int)limit[d]), _mm512_loadu_si512(bytes + offset[d]));
    add_leaves(t, tree, &leaves, depth, code_of(s, depth), stride, row, out);
  }
}

// The masks of the rows that reach a node; those after the last node's belong to nobody.
typedef struct {
  __mmask64 rows[4];
} paths;

// Of the rows `here`, those that go right from `node`.
AVX512_INLINE __mmask64 goes_right(__mmask64 here, const uint8_t *from, __m512i rank) {
  return _mm512_mask_cmpgt_epu8_mask(here, _mm512_loadu_si512(from), rank);
}

// The leaves of `blocks` times 64 rows.
AVX512_INLINE void free_codes(const maxai_byte_trees *t, int32_t tree, int blocks, const uint8_t *bytes,
                              size_t apart, __m512i *code) {
  const maxai_byte_node *node = t->nodes + t->starts[tree];
  int inner = t->inner_count[tree], count = t->node_count[tree], n = 0;
  paths path[256];
  for (int b = 0; b < blocks; b++) path[0].rows[b] = ~0ull, code[b] = _mm512_setzero_si512();
  for (; n < inner; n++, node++) {
    const uint8_t *from = bytes + node->offset;
    __m512i rank = _mm512_set1_epi32((int)node->rank), leaves = _mm512_set1_epi32((int)node->left_leaves);
    paths *left = path + node->child[0], *right = path + node->child[1];
    for (int b = 0; b < blocks; b++) {
      __mmask64 here = path[n].rows[b], goes = goes_right(here, from + b * apart, rank);
      left->rows[b] = _kandn_mask64(goes, here);
      right->rows[b] = goes;
      code[b] = _mm512_mask_add_epi8(code[b], goes, code[b], leaves);
    }
  }
  const __m512i one = _mm512_set1_epi8(1);
  for (; n < count; n++, node++) {
    const uint8_t *from = bytes + node->offset;
    __m512i rank = _mm512_set1_epi32((int)node->rank);
    for (int b = 0; b < blocks; b++) {
      __mmask64 goes = goes_right(path[n].rows[b], from + b * apart, rank);
      code[b] = _mm512_mask_add_epi8(code[b], goes, code[b], one);
    }
  }
}

AVX512_INLINE void free_tree(const maxai_byte_trees *t, int32_t tree, int bits, const uint8_t *bytes,
                             size_t stride, size_t rows, void *out) {
  size_t block = 64 * (size_t)t->width, row = 0;
  leaf_table leaves;
  load_leaves(t, tree, bits, &leaves);
  __m512i code[4];
  for (; row + 256 <= rows; row += 256, bytes += 4 * block) {
    free_codes(t, tree, 4, bytes, block, code);
    for (size_t b = 0; b < 4; b++) add_leaves(t, tree, &leaves, bits, code[b], stride, row + 64 * b, out);
  }
  for (; row < rows; row += 64, bytes += block) {
    free_codes(t, tree, 1, bytes, block, code);
    add_leaves(t, tree, &leaves, bits, code[0], stride, row, out);
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
    switch (t->shape[tree]) {
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
#define OBLIVIOUS(depth)                                      \
  case MAXAI_OBLIVIOUS + depth:                               \
    oblivious_tree(t, tree, depth, bytes, stride, rows, out); \
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
        if (t->leaf_counts[tree] <= 64)
          free_tree(t, tree, 6, bytes, stride, rows, out);
        else
          free_tree(t, tree, 8, bytes, stride, rows, out);
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
