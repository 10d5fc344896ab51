// Times one library on one model, from C: nobody is charged for Python. Prints one JSON object.
//
//     harness KIND LIBRARY MODEL ROWS COLUMNS THREADS ANSWERS WIDTH SECONDS BATCH...
//
// KIND is maxai, xgboost, lightgbm, tl2cgen, tl2cgen64 or lleaves. ROWS: row-major floats. ANSWERS: where the
// first 4096 rows' answers go, WIDTH doubles each. Every batch size is timed for SECONDS. One row goes
// through the fastest call that the library has for it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <maxai.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void* library;
static size_t columns, width, threads;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void* find(const char* name) {
  void* symbol = dlsym(library, name);
  if (!symbol) {
    fprintf(stderr, "no %s in the library\n", name);
    exit(1);
  }
  return symbol;
}

static void demand(int passed, const char* what, const char* message) {
  if (passed) return;
  fprintf(stderr, "%s: %s\n", what, message ? message : "");
  exit(1);
}

// A peer: `prepare` before a batch size is timed, `score` is what is timed, `answer` reads element i of the
// last result.
struct peer {
  const char* kind;
  void (*load)(const char* model);
  void (*prepare)(size_t batch);
  void (*score)(const float* rows, size_t count);
  double (*answer)(size_t i);
};

// maxai: all outputs are computed; the answer is `probability`, or `prediction`.
static maxai_model* m_model;
static maxai_context* m_context;
static size_t m_output, m_width;
static int32_t m_type;
static const void* m_values;
static int32_t (*m_predict)(maxai_context*, const float*, size_t, size_t, ptrdiff_t);
static int32_t (*m_result)(maxai_context*, size_t, const void**, size_t*);
static const char* (*m_error)(void);

static void maxai_start(const char* model) {
  m_error = (const char* (*)(void))find("maxai_last_error");
  m_predict = (int32_t(*)(maxai_context*, const float*, size_t, size_t, ptrdiff_t))find("maxai_predict_f32");
  m_result = (int32_t(*)(maxai_context*, size_t, const void**, size_t*))find("maxai_output");
  int32_t (*load)(const char*, maxai_model**) =
      (int32_t(*)(const char*, maxai_model**))find("maxai_load_file");
  int32_t (*describe)(const maxai_model*, maxai_model_info*) =
      (int32_t(*)(const maxai_model*, maxai_model_info*))find("maxai_model_describe");
  int32_t (*output)(const maxai_model*, size_t, maxai_output_info*) =
      (int32_t(*)(const maxai_model*, size_t, maxai_output_info*))find("maxai_model_output");
  demand(load(model, &m_model) == 0, "load", m_error());
  maxai_model_info info;
  describe(m_model, &info);
  int found = 0;
  for (size_t i = 0; i < info.outputs; i++) {
    maxai_output_info o;
    output(m_model, i, &o);
    int answers = strncmp(o.name.data, "probabilit", 10) == 0 || strcmp(o.name.data, "prediction") == 0;
    if (found && !answers) continue;
    if (!answers && (o.type != MAXAI_F32 && o.type != MAXAI_F64)) continue;
    m_output = i;
    m_type = o.type;
    found = 1;
    m_width = o.width;
  }
}

static void maxai_prepare(size_t batch) {
  if (m_context) ((void (*)(maxai_context*))find("maxai_context_free"))(m_context);
  int32_t (*context)(const maxai_model*, size_t, size_t, maxai_context**) =
      (int32_t(*)(const maxai_model*, size_t, size_t, maxai_context**))find("maxai_context_new");
  demand(context(m_model, batch, threads, &m_context) == 0, "context", m_error());
}

static void maxai_score(const float* rows, size_t count) {
  size_t elements;
  if (m_predict(m_context, rows, columns, count, 0) != 0 ||
      m_result(m_context, m_output, &m_values, &elements) != 0)
    demand(0, "predict", m_error());
}

// Of two probabilities, where one is asked for, the second.
static double maxai_answer(size_t i) {
  if (width == 1) i = i * m_width + m_width - 1;
  return m_type == MAXAI_F64 ? ((const double*)m_values)[i] : (double)((const float*)m_values)[i];
}

// xgboost: in-place prediction of a dense array; the description of a row's array is made once.
typedef int (*x_predict_t)(void*, const char*, const char*, void*, const uint64_t**, uint64_t*,
                           const float**);
static void *x_booster, *x_proxy;
static x_predict_t x_predict;
static const float* x_values;
static float x_row[4096];
static char x_one[256];
static const char* x_settings =
    "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false,"
    "\"missing\":NaN,\"cache_id\":0}";

static void xgboost_array(char* text, size_t size, const float* rows, size_t count) {
  snprintf(text, size, "{\"data\":[%zu,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
           (size_t)rows, count, columns);
}

static void xgboost_load(const char* model) {
  x_predict = (x_predict_t)find("XGBoosterPredictFromDense");
  const char* (*error)(void) = (const char* (*)(void))find("XGBGetLastError");
  demand(((int (*)(const void*, uint64_t, void**))find("XGBoosterCreate"))(NULL, 0, &x_booster) == 0,
         "create", error());
  demand(((int (*)(void*, const char*))find("XGBoosterLoadModel"))(x_booster, model) == 0, "load", error());
  char number[16];
  snprintf(number, sizeof number, "%zu", threads);
  demand(((int (*)(void*, const char*, const char*))find("XGBoosterSetParam"))(x_booster, "nthread",
                                                                               number) == 0,
         "nthread", error());
  demand(((int (*)(void**))find("XGProxyDMatrixCreate"))(&x_proxy) == 0, "proxy", error());
  xgboost_array(x_one, sizeof x_one, x_row, 1);
}

static void xgboost_score(const float* rows, size_t count) {
  const uint64_t* shape;
  uint64_t dimensions;
  char text[256];
  if (count == 1) {
    memcpy(x_row, rows, columns * sizeof(float));
  } else {
    xgboost_array(text, sizeof text, rows, count);
  }
  demand(x_predict(x_booster, count == 1 ? x_one : text, x_settings, x_proxy, &shape, &dimensions,
                   &x_values) == 0,
         "predict", NULL);
}

static double xgboost_answer(size_t i) { return (double)x_values[i]; }

// lightgbm: the single-row call with its settings made once; a matrix otherwise.
static void *l_booster, *l_fast;
static int (*l_single)(void*, const void*, int64_t*, double*);
static int (*l_matrix)(void*, const void*, int, int32_t, int32_t, int, int, int, int, const char*, int64_t*,
                       double*);
static double* l_values;
static char l_settings[64];

static void lightgbm_load(const char* model) {
  int rounds;
  const char* (*error)(void) = (const char* (*)(void))find("LGBM_GetLastError");
  snprintf(l_settings, sizeof l_settings, "num_threads=%zu", threads);
  l_single = (int (*)(void*, const void*, int64_t*, double*))find("LGBM_BoosterPredictForMatSingleRowFast");
  l_matrix = (int (*)(void*, const void*, int, int32_t, int32_t, int, int, int, int, const char*, int64_t*,
                      double*))find("LGBM_BoosterPredictForMat");
  demand(((int (*)(const char*, int*, void**))find("LGBM_BoosterCreateFromModelfile"))(model, &rounds,
                                                                                       &l_booster) == 0,
         "load", error());
  demand(((int (*)(void*, int, int, int, int, int32_t, const char*, void**))find(
             "LGBM_BoosterPredictForMatSingleRowFastInit"))(l_booster, 0, 0, -1, 0, (int32_t)columns,
                                                            "num_threads=1", &l_fast) == 0,
         "fast", error());
}

static void doubles_prepare(size_t batch) {
  free(l_values);
  l_values = calloc(batch * width, sizeof(double));
}

static void lightgbm_score(const float* rows, size_t count) {
  int64_t length;
  int code = count == 1 ? l_single(l_fast, rows, &length, l_values)
                        : l_matrix(l_booster, rows, 0, (int32_t)count, (int32_t)columns, 1, 0, 0, -1,
                                   l_settings, &length, l_values);
  demand(code == 0, "predict", NULL);
}

static double doubles_answer(size_t i) { return l_values[i]; }

// Compiled models have no threads: rows are shared out here.
struct share {
  const float* rows;
  size_t first, count;
};
static void (*share_run)(const struct share*);

static void* share_thread(void* share) {
  share_run(share);
  return NULL;
}

static void share_out(const float* rows, size_t count) {
  struct share all = {rows, 0, count};
  if (threads == 1 || count < 256) {
    share_run(&all);
    return;
  }
  struct share first = {rows, 0, count / 2},
               second = {rows + count / 2 * columns, count / 2, count - count / 2};
  pthread_t thread;
  pthread_create(&thread, NULL, share_thread, &second);
  share_run(&first);
  pthread_join(thread, NULL);
}

// tl2cgen: one call a row, on entries that are either missing (-1) or a float.
union entry {
  int missing;
  float value;
};
static void (*t_predict)(union entry*, int, float*);
static float* t_values;

static void tl2cgen_prepare(size_t batch) {
  free(t_values);
  t_values = calloc(batch * width, sizeof(float));
}

static void tl2cgen_run(const struct share* s) {
  union entry row[columns];
  for (size_t r = 0; r < s->count; r++) {
    for (size_t k = 0; k < columns; k++) {
      float value = s->rows[r * columns + k];
      if (value != value) {
        row[k].missing = -1;
      } else {
        row[k].value = value;
      }
    }
    t_predict(row, 0, t_values + (s->first + r) * width);
  }
}

static void tl2cgen_load(const char* model) {
  (void)model;
  share_run = tl2cgen_run;
  t_predict = (void (*)(union entry*, int, float*))find("predict");
}

static double tl2cgen_answer(size_t i) { return (double)t_values[i]; }

// The same for models that compare and sum doubles.
union entry64 {
  int missing;
  double value;
};
static void (*d_predict)(union entry64*, int, double*);

static void tl2cgen64_run(const struct share* s) {
  union entry64 row[columns];
  for (size_t r = 0; r < s->count; r++) {
    for (size_t k = 0; k < columns; k++) {
      float value = s->rows[r * columns + k];
      if (value != value) {
        row[k].missing = -1;
      } else {
        row[k].value = value;
      }
    }
    d_predict(row, 0, l_values + (s->first + r) * width);
  }
}

static void tl2cgen64_load(const char* model) {
  (void)model;
  share_run = tl2cgen64_run;
  d_predict = (void (*)(union entry64*, int, double*))find("predict");
}

// lleaves: doubles in, doubles out; rows are converted as its own binding does.
static void (*e_predict)(const double*, double*, int, int);
static double* e_rows;

static void lleaves_prepare(size_t batch) {
  doubles_prepare(batch);
  free(e_rows);
  e_rows = calloc(batch * columns, sizeof(double));
}

static void lleaves_run(const struct share* s) {
  double* to = e_rows + s->first * columns;
  for (size_t i = 0; i < s->count * columns; i++) to[i] = s->rows[i];
  e_predict(e_rows, l_values, (int)s->first, (int)(s->first + s->count));
}

static void lleaves_load(const char* model) {
  (void)model;
  share_run = lleaves_run;
  e_predict = (void (*)(const double*, double*, int, int))find("forest_root");
}

static void nothing(size_t batch) { (void)batch; }

static const struct peer peers[] = {
    {"maxai", maxai_start, maxai_prepare, maxai_score, maxai_answer},
    {"xgboost", xgboost_load, nothing, xgboost_score, xgboost_answer},
    {"lightgbm", lightgbm_load, doubles_prepare, lightgbm_score, doubles_answer},
    {"tl2cgen", tl2cgen_load, tl2cgen_prepare, share_out, tl2cgen_answer},
    {"tl2cgen64", tl2cgen64_load, doubles_prepare, share_out, doubles_answer},
    {"lleaves", lleaves_load, lleaves_prepare, share_out, doubles_answer},
};

static int ascending(const void* a, const void* b) {
  double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static double rank(double* sorted, size_t count, double share) {
  return sorted[(size_t)((double)(count - 1) * share)];
}

// Nanoseconds a call, median of calls; for one row also p99 and the mean of long runs, which has no clock in
// it.
static void measure(const struct peer* peer, const float* rows, size_t available, size_t batch,
                    double seconds, double* row_ns) {
  enum { most = 200000 };
  static double times[most];
  size_t count = 0, at = 0;
  peer->prepare(batch);
  size_t warm = batch == 1 ? 2000 : 2;
  double begin = now();
  // A call that takes long needs no warming up, and is not repeated.
  for (size_t i = 0; i < warm && *row_ns * (double)batch < seconds * 1e9 && now() - begin < seconds * 5e8;
       i++)
    peer->score(rows + (i * batch) % (available - batch + 1) * columns, batch);
  double end = now() + seconds * 1e9;
  while (count < most && (count < 1 || now() < end)) {
    double start = now();
    peer->score(rows + at * columns, batch);
    times[count++] = now() - start;
    at = at + 2 * batch <= available ? at + batch : 0;
  }
  qsort(times, count, sizeof times[0], ascending);
  double per_call = rank(times, count, 0.5);
  printf("{\"batch\":%zu,\"calls\":%zu,\"p50_ns\":%.1f,\"p99_ns\":%.1f", batch, count, per_call,
         rank(times, count, 0.99));
  if (batch == 1) {
    double runs[9];
    for (int r = 0; r < 9; r++) {
      size_t calls = (size_t)(seconds * 1e8 / per_call) + 1;
      double start = now();
      for (size_t i = 0; i < calls; i++) peer->score(rows + i % 4096 % available * columns, 1);
      runs[r] = (now() - start) / (double)calls;
    }
    qsort(runs, 9, sizeof runs[0], ascending);
    per_call = runs[4];
  }
  *row_ns = per_call / (double)batch;
  printf(",\"ns_per_row\":%.3f}", *row_ns);
}

int main(int count, char** arguments) {
  if (count < 11) return 2;
  const struct peer* peer = NULL;
  for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
    if (strcmp(peers[i].kind, arguments[1]) == 0) peer = &peers[i];
  demand(peer != NULL, "kind", arguments[1]);
  columns = strtoul(arguments[5], NULL, 10);
  threads = strtoul(arguments[6], NULL, 10);
  width = strtoul(arguments[8], NULL, 10);
  double seconds = strtod(arguments[9], NULL);

  FILE* file = fopen(arguments[4], "rb");
  demand(file != NULL && columns > 0 && columns <= 4096, "rows", arguments[4]);
  fseek(file, 0, SEEK_END);
  size_t rows = (size_t)ftell(file) / sizeof(float) / columns;
  rewind(file);
  float* table = malloc(rows * columns * sizeof(float));
  demand(fread(table, sizeof(float) * columns, rows, file) == rows, "rows", arguments[4]);
  fclose(file);

  double start = now();
  library = dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL);
  demand(library != NULL, "dlopen", dlerror());
  double opened = now();
  peer->load(arguments[3]);
  double loaded = now();
  peer->prepare(1);
  peer->score(table, 1);
  double first = now();

  size_t checked = rows < 4096 ? rows : 4096;
  peer->prepare(checked);
  peer->score(table, checked);
  file = fopen(arguments[7], "wb");
  for (size_t i = 0; file && i < checked * width; i++) {
    double value = peer->answer(i);
    fwrite(&value, sizeof value, 1, file);
  }
  if (file) fclose(file);

  printf("{\"open_ms\":%.3f,\"load_ms\":%.3f,\"first_ms\":%.3f,\"width\":%zu,\"batches\":[",
         (opened - start) / 1e6, (loaded - opened) / 1e6, (first - start) / 1e6, width);
  double row_ns = 0;
  for (int i = 10; i < count; i++) {
    size_t batch = strtoul(arguments[i], NULL, 10);
    if (batch > rows) continue;
    if (i > 10) printf(",");
    measure(peer, table, rows, batch, seconds, &row_ns);
    fflush(stdout);
  }
  // Not ru_maxrss: that one remembers the process that started this one.
  long peak = 0;
  char line[256];
  file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "VmHWM: %ld", &peak);
  if (file) fclose(file);
  // The table of rows is the harness's own.
  printf("],\"peak_kb\":%ld}\n", peak - (long)(rows * columns * sizeof(float) / 1024));
  return 0;
}
