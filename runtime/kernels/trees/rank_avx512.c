// Trees on ranks: one mask per node says which of 64 rows reach it.
#include "maxai_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

AVX512_INLINE void rank_column(const maxai_rank_column *c, const float *x, size_t stride, size_t rows,
                               uint8_t *ranks) {
  const float *from = x + (size_t)c->source * stride;
  uint8_t *left = c->left_variant < 0 ? 0 : ranks + (size_t)c->left_variant * stride;
  uint8_t *right = c->right_variant < 0 ? 0 : ranks + (size_t)c->right_variant * stride;
  __m512 first = _mm512_loadu_ps(c->first);
  for (size_t row = 0; row < rows; row++) {
    float value = from[row];
    __m512 v = _mm512_set1_ps(value);
    unsigned group = 0;
    if (c->groups > 1) {
      group = (unsigned)_mm_popcnt_u32(_mm512_cmp_ps_mask(v, first, _CMP_GE_OQ));
      group -= group != 0;
    }
    __mmask16 above = _mm512_cmp_ps_mask(v, _mm512_loadu_ps(c->all + 16 * group), _CMP_GE_OQ);
    uint8_t rank = (uint8_t)(16 * group + (unsigned)_mm_popcnt_u32(above));
    if (left) left[row] = rank;
    if (right) right[row] = value != value ? 255 : rank;
  }
}

// Adds the leaf of each of 64 rows, whose positions are bytes of `code`, to `to`.
AVX512_INLINE void add_leaves(const float *leaves, __m512i code, float *to) {
  __m512 l0 = _mm512_loadu_ps(leaves), l1 = _mm512_loadu_ps(leaves + 16), l2 = _mm512_loadu_ps(leaves + 32),
         l3 = _mm512_loadu_ps(leaves + 48);
  const __m512i high = _mm512_set1_epi32(32);
#define ADD(q)                                                                                \
  {                                                                                           \
    __m512i at = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(code, q));                    \
    __m512 low = _mm512_permutex2var_ps(l0, at, l1), up = _mm512_permutex2var_ps(l2, at, l3); \
    __m512 leaf = _mm512_mask_blend_ps(_mm512_test_epi32_mask(at, high), low, up);            \
    _mm512_storeu_ps(to + 16 * q, _mm512_add_ps(_mm512_loadu_ps(to + 16 * q), leaf));         \
  }
  ADD(0) ADD(1) ADD(2) ADD(3)
#undef ADD
}

AVX512 void maxai_rank_trees_avx512(const maxai_rank_trees *t, const float *x, size_t stride, size_t rows,
                                    uint8_t *ranks, float *out) {
  rows = (rows + 63) / 64 * 64;
  for (int32_t c = 0; c < t->column_count; c++) rank_column(t->columns + c, x, stride, rows, ranks);
  for (int32_t k = 0; k < t->output_count; k++)
    for (size_t row = 0; row < rows; row++) out[k * stride + row] = t->base[k];
  for (size_t row = 0; row < rows; row += 64) {
    const uint8_t *block = ranks + row;
    for (int32_t tree = 0; tree < t->tree_count; tree++) {
      __mmask64 path[65];
      path[0] = ~0ull;
      __m512i code = _mm512_setzero_si512();
      for (int32_t n = t->starts[tree]; n < t->starts[tree + 1]; n++) {
        const maxai_rank_node node = t->nodes[n];
        __mmask64 here = path[node.slot];
        __m512i column = _mm512_loadu_si512(block + (size_t)node.column * stride);
        __mmask64 right = _mm512_mask_cmpgt_epu8_mask(here, column, _mm512_set1_epi8((char)node.rank));
        path[node.left_slot] = here & ~right;
        path[node.right_slot] = right;
        code = _mm512_mask_add_epi8(code, right, code, _mm512_set1_epi8((char)node.left_leaves));
      }
      add_leaves(t->leaves + 64 * (size_t)tree, code, out + (size_t)t->tree_output[tree] * stride + row);
    }
  }
}
#else
// Never chosen: maxai_cpu_features has no MAXAI_CPU_AVX512 here.
void maxai_rank_trees_avx512(const maxai_rank_trees *t, const float *x, size_t stride, size_t rows,
                             uint8_t *ranks, float *out) {
  (void)t, (void)x, (void)stride, (void)rows, (void)ranks, (void)out;
}
#endif
