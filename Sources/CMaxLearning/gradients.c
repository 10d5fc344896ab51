#include <math.h>
#include <string.h>

#include "maxai_learning.h"
#include "variants.h"

// e^x = 2^k e^r with |r| <= ln 2 / 2, e^r by its series; k by the bits of x / ln 2 + 1.5 · 2^52.
// Source: Tang, Table-driven implementation of the exponential function, 1989 (argument reduction).
MAXAI_BODY double exp_of(double x) {
  const double shift = 6755399441055744.0;
  double limited = x < -708.0 ? -708.0 : x > 709.0 ? 709.0 : x;
  double k = limited * 1.4426950408889634;
  double shifted = k + shift;
  double whole = shifted - shift;
  double r = limited - whole * 6.93147180369123816490e-01;
  r = r - whole * 1.90821492927058770002e-10;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  uint64_t bits, power;
  memcpy(&bits, &shifted, 8);
  // The low bits of `shifted` are k in two's complement.
  power = (bits + 1023) << 52;
  double scale;
  memcpy(&scale, &power, 8);
  double y = p * scale;
  y = x < -708.0 ? 0.0 : y;
  y = x > 709.0 ? (double)INFINITY : y;
  return x != x ? x : y;
}

MAXAI_BODY void maxai_exp_body(const double* x, double* y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = exp_of(x[i]);
}
MAXAI_VARIANTS(void, maxai_exp, (const double* x, double* y, size_t n), (x, y, n))

MAXAI_BODY void maxai_gradients_binary_body(const double* score, const double* target, const double* weights,
                                            float* g, float* h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double p = 1.0 / (1.0 + exp_of(-score[i]));
    g[i] = (float)(p - target[i]);
    h[i] = (float)(p * (1.0 - p));
  }
  if (!weights) return;
  for (size_t i = 0; i < n; i++) {
    g[i] = (float)((double)g[i] * weights[i]);
    h[i] = (float)((double)h[i] * weights[i]);
  }
}
MAXAI_VARIANTS(void, maxai_gradients_binary,
               (const double* score, const double* target, const double* weights, float* g, float* h,
                size_t n),
               (score, target, weights, g, h, n))

MAXAI_BODY void maxai_gradients_squared_body(const double* score, const double* target, const double* weights,
                                             float* g, float* h, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double w = weights ? weights[i] : 1.0;
    g[i] = (float)((score[i] - target[i]) * w);
    h[i] = (float)w;
  }
}
MAXAI_VARIANTS(void, maxai_gradients_squared,
               (const double* score, const double* target, const double* weights, float* g, float* h,
                size_t n),
               (score, target, weights, g, h, n))

void maxai_softmax(const double* score, size_t rows, size_t k, size_t first, size_t n, double* probability) {
  for (size_t i = first; i < first + n; i++) {
    double top = score[i];
    for (size_t c = 1; c < k; c++) top = score[c * rows + i] > top ? score[c * rows + i] : top;
    double sum = 0;
    for (size_t c = 0; c < k; c++) {
      double e = exp_of(score[c * rows + i] - top);
      probability[c * rows + i] = e;
      sum += e;
    }
    for (size_t c = 0; c < k; c++) probability[c * rows + i] /= sum;
  }
}

MAXAI_BODY void maxai_gradient_limits_body(const float* g, const float* h, size_t n, float* g_limit,
                                           float* h_limit) {
  float top_g = 0, top_h = 0;
  for (size_t i = 0; i < n; i++) {
    float size = g[i] < 0 ? -g[i] : g[i];
    top_g = size > top_g ? size : top_g;
    top_h = h[i] > top_h ? h[i] : top_h;
  }
  *g_limit = top_g;
  *h_limit = top_h;
}
MAXAI_VARIANTS(void, maxai_gradient_limits,
               (const float* g, const float* h, size_t n, float* g_limit, float* h_limit),
               (g, h, n, g_limit, h_limit))

// Two numbers of 32 bits from a row and a seed. Source: the finalizer of MurmurHash3 (Appleby), 64 bits.
MAXAI_BODY uint64_t mixed(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

MAXAI_BODY void maxai_quantize_body(const float* g, const float* h, size_t first, size_t n, double g_scale,
                                    double h_scale, int constant, uint64_t seed, uint32_t* gh) {
  const double unit = 1.0 / 4294967296.0;
  for (size_t i = 0; i < n; i++) {
    uint64_t random = mixed(seed + (first + i) * 0x9e3779b97f4a7c15ULL);
    double up_g = (double)(uint32_t)(random >> 32) * unit, up_h = (double)(uint32_t)random * unit;
    // Both are positive before they are cut off, so that cutting rounds down.
    int32_t whole_g = (int32_t)((double)g[i] * g_scale + up_g + 32768.0) - 32768;
    int32_t whole_h = constant ? 1 : (int32_t)((double)h[i] * h_scale + up_h);
    gh[i] = (uint32_t)whole_g << 16 | ((uint32_t)whole_h & 0xffff);
  }
}
MAXAI_VARIANTS(void, maxai_quantize,
               (const float* g, const float* h, size_t first, size_t n, double g_scale, double h_scale,
                int constant, uint64_t seed, uint32_t* gh),
               (g, h, first, n, g_scale, h_scale, constant, seed, gh))
