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

AVX512_INLINE void heap_rows(const maxai_byte_trees *t, int32_t tree, enum leaf_kind kind, int depth,
                             const heap *h, const leaf_table *leaves, size_t stride, size_t first, void *to) {
  rows128 s[6];
  if (depth > 0) s[0] = decide(h, 1);
  if (depth > 1) s[1] = descend1(h, 1, s);
  if (depth > 2) s[2] = descend2(h, 1, s);
  if (depth > 3) s[3] = descend3(h, 1, s);
  if (depth > 4) s[4] = descend4(h, 1, s);
  if (depth > 5) s[5] = descend5(h, 1, s);
  __m512i a[6], b[6];
  for (int d = 0; d < depth; d++) a[d] = s[d].a, b[d] = s[d].b;
  add_leaves(t, tree, kind, leaves, depth, code_of(a, depth), stride, first, to);
  if (h->apart) add_leaves(t, tree, kind, leaves, depth, code_of(b, depth), stride, first + 64, to);
}

AVX512_INLINE void heap_tree(const maxai_byte_trees *t, int32_t tree, enum leaf_kind kind, int depth,
                             const uint8_t *bytes, size_t stride, size_t rows, void *out) {
  void *to = scores_of(t, tree, kind, stride, out);
  size_t block = 64 * (size_t)t->width, row = 0;
  heap h = {t->heap_offset + t->starts[tree], t->heap_limit + t->starts[tree], bytes, block};
  leaf_table leaves;
  load_leaves(t, tree, kind, depth, &leaves);
  for (; row + 128 <= rows; row += 128, h.bytes += 2 * block)
    heap_rows(t, tree, kind, depth, &h, &leaves, stride, row, to);
  if (row < rows) {
    heap single = {h.offset, h.limit, h.bytes, 0};
    heap_rows(t, tree, kind, depth, &single, &leaves, stride, row, to);
  }
}

// An oblivious tree has one test per level, the first the most significant bit of the leaf.
AVX512_INLINE void oblivious_tree(const maxai_byte_trees *t, int32_t tree, enum leaf_kind kind, int depth,
                                  const uint8_t *bytes, size_t stride, size_t rows, void *out) {
  const uint32_t *limit = t->heap_limit + t->starts[tree], *offset = t->heap_offset + t->starts[tree];
  void *to = scores_of(t, tree, kind, stride, out);
  size_t block = 64 * (size_t)t->width;
  leaf_table leaves;
  load_leaves(t, tree, kind, depth, &leaves);
  const uint8_t *from[8];
  __m512i rank[8], bit[8];
  for (int d = 0; d < depth; d++) {
    from[d] = bytes + offset[d];
    rank[d] = _mm512_sub_epi8(_mm512_set1_epi8((char)254), _mm512_set1_epi32((int)limit[d]));
    bit[d] = _mm512_set1_epi8((char)(1 << (depth - 1 - d)));
  }
  for (size_t row = 0, at = 0; row < rows; row += 64, at += block) {
    __m512i code = _mm512_setzero_si512();
    for (int d = 0; d < depth; d++)
      code = _mm512_mask_add_epi8(code, _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(from[d] + at), rank[d]),
                                  code, bit[d]);
    add_leaves(t, tree, kind, &leaves, depth, code, stride, row, to);
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
    const uint8_t *from = bytes + 64 * (size_t)node->column;
    __m512i rank = _mm512_set1_epi8((char)node->limit), leaves = _mm512_set1_epi8((char)node->left_leaves);
    paths *left = path + node->left, *right = path + node->right;
    for (int b = 0; b < blocks; b++) {
      __mmask64 here = path[n].rows[b], goes = goes_right(here, from + b * apart, rank);
      left->rows[b] = _kandn_mask64(goes, here);
      right->rows[b] = goes;
      code[b] = _mm512_mask_add_epi8(code[b], goes, code[b], leaves);
    }
  }
  const __m512i one = _mm512_set1_epi8(1);
  for (; n < count; n++, node++) {
    const uint8_t *from = bytes + 64 * (size_t)node->column;
    __m512i rank = _mm512_set1_epi8((char)node->limit);
    for (int b = 0; b < blocks; b++) {
      __mmask64 goes = goes_right(path[n].rows[b], from + b * apart, rank);
      code[b] = _mm512_mask_add_epi8(code[b], goes, code[b], one);
    }
  }
}

AVX512_INLINE void free_tree(const maxai_byte_trees *t, int32_t tree, enum leaf_kind kind, int bits,
                             const uint8_t *bytes, size_t stride, size_t rows, void *out) {
  void *to = scores_of(t, tree, kind, stride, out);
  size_t block = 64 * (size_t)t->width, row = 0;
  leaf_table leaves;
  load_leaves(t, tree, kind, bits, &leaves);
  __m512i code[4];
  for (; row + 256 <= rows; row += 256, bytes += 4 * block) {
    free_codes(t, tree, 4, bytes, block, code);
    for (size_t b = 0; b < 4; b++)
      add_leaves(t, tree, kind, &leaves, bits, code[b], stride, row + 64 * b, to);
  }
  for (; row < rows; row += 64, bytes += block) {
    free_codes(t, tree, 1, bytes, block, code);
    add_leaves(t, tree, kind, &leaves, bits, code[0], stride, row, to);
  }
}

// One function per shape and kind of leaf, each with the registers for itself.
typedef void tree_kernel(const maxai_byte_trees *, int32_t, const uint8_t *, size_t, size_t, void *);

#define KERNEL(name, shape, depth, kind)                                                                \
  AVX512 static void name(const maxai_byte_trees *t, int32_t tree, const uint8_t *bytes, size_t stride, \
                          size_t rows, void *out) {                                                     \
    shape##_tree(t, tree, kind, depth, bytes, stride, rows, out);                                       \
  }
#define KERNELS(shape, depth)                        \
  KERNEL(shape##depth##_f32, shape, depth, LEAF_F32) \
  KERNEL(shape##depth##_f64, shape, depth, LEAF_F64) \
  KERNEL(shape##depth##_vector, shape, depth, LEAF_VECTOR)
#define NAMES(shape, depth) \
  { shape##depth##_f32, shape##depth##_f64, shape##depth##_vector }
// clang-format off
KERNELS(heap, 0) KERNELS(heap, 1) KERNELS(heap, 2) KERNELS(heap, 3)
KERNELS(heap, 4) KERNELS(heap, 5) KERNELS(heap, 6)
KERNELS(oblivious, 1) KERNELS(oblivious, 2) KERNELS(oblivious, 3) KERNELS(oblivious, 4)
KERNELS(oblivious, 5) KERNELS(oblivious, 6) KERNELS(oblivious, 7) KERNELS(oblivious, 8)
KERNELS(free, 6) KERNELS(free, 8)
    // clang-format on

    // In the order of `shape`, where depth 0 of an oblivious tree is nobody's: trees of free shape with more
    // than 64 leaves are there.
    static tree_kernel *const kernels[][LEAF_KINDS] = {
        NAMES(heap, 0),      NAMES(heap, 1),      NAMES(heap, 2),      NAMES(heap, 3),
        NAMES(heap, 4),      NAMES(heap, 5),      NAMES(heap, 6),      NAMES(free, 6),
        NAMES(free, 8),      NAMES(oblivious, 1), NAMES(oblivious, 2), NAMES(oblivious, 3),
        NAMES(oblivious, 4), NAMES(oblivious, 5), NAMES(oblivious, 6), NAMES(oblivious, 7),
        NAMES(oblivious, 8),
};

AVX512 void maxai_byte_trees_avx512(const maxai_byte_trees *t, const void *x, size_t stride, size_t rows,
                                    uint8_t *bytes, void *out) {
  size_t block = 64 * (size_t)t->width;
  for (size_t row = 0; row < rows; row += 64)
    maxai_byte_columns_avx512(t, x, stride, row, rows - row < 64 ? rows - row : 64, 64,
                              bytes + row / 64 * block);
  rows = (rows + 63) / 64 * 64;
  maxai_start_scores(t, stride, rows, out);
  enum leaf_kind kind = leaf_kind_of(t);
  for (int32_t tree = 0; tree < t->tree_count; tree++) {
    size_t shape = t->shape[tree];
    if (shape == MAXAI_FREE_SHAPE && t->leaf_counts[tree] > 64) shape = MAXAI_OBLIVIOUS;
    kernels[shape][kind](t, tree, bytes, stride, rows, out);
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
