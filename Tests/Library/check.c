// The C interface against expected outputs, and against callers that make mistakes. peers/c_library.py builds
// and runs it.
//
//     check BUNDLE ROWS EXPECTED COLUMNS OUTPUT
//
// ROWS: row-major floats; EXPECTED: the floats of output number OUTPUT, in the same order.
#include <maxai.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed;

static void expect(int passed, const char* what) {
  if (passed) return;
  failed = 1;
  fprintf(stderr, "FAIL: %s (%s)\n", what, maxai_last_error());
}

static void* contents(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (!file) exit(MAXAI_IO);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char* bytes = malloc(*size + 1);
  if (fread(bytes, 1, *size, file) != *size) exit(MAXAI_IO);
  fclose(file);
  return bytes;
}

struct table {
  maxai_model* model;
  const float *rows, *expected;
  size_t columns, count, elements, output;
  int passed;
};

static int agrees(maxai_context* context, const struct table* t, size_t first, size_t rows) {
  const void* values;
  size_t count, width = t->elements / t->count;
  return maxai_output(context, t->output, &values, &count) == MAXAI_OK && count == rows * width &&
         memcmp(values, t->expected + first * width, count * sizeof(float)) == 0;
}

static void* score(void* pointer) {
  struct table* t = pointer;
  maxai_context* context;
  t->passed = maxai_context_new(t->model, t->count, 1, &context) == MAXAI_OK;
  for (int turn = 0; turn < 20 && t->passed; turn++) {
    t->passed = maxai_predict_f32(context, t->rows, t->columns, t->count, 0) == MAXAI_OK &&
                agrees(context, t, 0, t->count);
  }
  for (size_t row = 0; row < t->count && t->passed; row++) {
    t->passed = maxai_predict_f32(context, t->rows + row * t->columns, t->columns, 1, 0) == MAXAI_OK &&
                agrees(context, t, row, 1);
  }
  maxai_context_free(context);
  return NULL;
}

static void columns_apart(struct table* t) {
  maxai_context* context;
  expect(maxai_context_new(t->model, t->count, 1, &context) == MAXAI_OK, "context");
  maxai_column* columns = calloc(t->columns, sizeof *columns);
  for (size_t i = 0; i < t->columns; i++) {
    columns[i] = (maxai_column){
        .type = MAXAI_F32, .values = t->rows + i, .stride = (ptrdiff_t)(t->columns * sizeof(float))};
  }
  expect(maxai_predict(context, columns, t->columns, t->count) == MAXAI_OK, "columns");
  expect(agrees(context, t, 0, t->count), "columns agree");
  double* wide = malloc(t->count * t->columns * sizeof(double));
  for (size_t i = 0; i < t->count * t->columns; i++) wide[i] = t->rows[i];
  expect(maxai_predict_f64(context, wide, t->columns, t->count, 0) == MAXAI_OK &&
             agrees(context, t, 0, t->count),
         "doubles agree");

  struct ArrowArray array;
  struct ArrowSchema schema;
  expect(maxai_output_arrow(context, &array, &schema) == MAXAI_OK, "arrow out");
  expect(strcmp(schema.format, "+s") == 0 && array.length == (int64_t)t->count, "arrow struct");
  array.release(&array);
  schema.release(&schema);
  expect(array.release == NULL && schema.release == NULL, "released");
  expect(maxai_predict_arrow(context, &array, &schema) == MAXAI_USAGE, "released structures");

  maxai_column good = columns[0];
  int32_t offsets[2] = {3, 1};
  const maxai_column bad[] = {
      {.type = 0, .values = t->rows},
      {.type = 16, .values = t->rows},
      {.type = MAXAI_F32},
      {.type = MAXAI_F32, .values = t->rows, .flags = 4},
      {.type = MAXAI_F32, .values = t->rows, .flags = MAXAI_BITMAP},
      {.type = MAXAI_F32, .values = t->rows, .stride = PTRDIFF_MAX},
      {.type = MAXAI_F32, .values = t->rows, .stride = PTRDIFF_MIN},
      {.type = MAXAI_F32, .values = t->rows, .validity_offset = -1},
      {.type = MAXAI_F32, .values = t->rows, .bit_offset = INT64_MAX},
      {.type = MAXAI_STRING, .values = t->rows},
      {.type = MAXAI_STRING, .values = t->rows, .offsets = offsets},
      {.type = MAXAI_STRING, .values = t->rows, .offsets = (const char*)offsets + 1},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    columns[0] = bad[i];
    expect(maxai_predict(context, columns, t->columns, 1) == MAXAI_USAGE, "a bad column");
    expect(strncmp(maxai_last_error(), "column ", 7) == 0, "the column is named");
  }
  columns[0] = good;
  const void* values;
  size_t count;
  expect(maxai_output(context, 0, &values, &count) == MAXAI_USAGE, "no results after a failure");
  expect(maxai_predict(context, columns, t->columns, t->count + 1) == MAXAI_LIMIT_EXCEEDED, "too many rows");
  expect(maxai_predict(context, columns, t->columns, SIZE_MAX) == MAXAI_LIMIT_EXCEEDED, "rows beyond an Int");
  expect(maxai_predict(context, columns, t->columns - 1, 1) == MAXAI_USAGE, "too few columns");
  expect(maxai_predict(context, NULL, t->columns, 1) == MAXAI_USAGE, "no columns");
  expect(maxai_predict(context, columns, t->columns, 0) == MAXAI_OK, "no rows");
  expect(maxai_output(context, 0, &values, &count) == MAXAI_OK && count == 0, "no results of no rows");
  expect(maxai_predict_f32(context, NULL, t->columns, 1, 0) == MAXAI_USAGE, "no matrix");
  expect(maxai_predict_f32(context, NULL, t->columns, 0, 0) == MAXAI_OK, "no matrix, no rows");
  expect(maxai_predict_f32(context, t->rows, t->columns, 1, PTRDIFF_MIN) == MAXAI_USAGE,
         "a stride beyond memory");
  expect(maxai_predict_f32(context, t->rows, SIZE_MAX, 1, 0) == MAXAI_USAGE, "columns beyond an Int");
  expect(maxai_output(context, SIZE_MAX, &values, &count) == MAXAI_USAGE, "no such output");
  expect(maxai_output(context, 0, NULL, &count) == MAXAI_USAGE, "nowhere to put values");
  expect(maxai_predict_arrow(context, NULL, NULL) == MAXAI_USAGE, "no arrow");
  maxai_context_free(context);
  free(columns);
  free(wide);
}

static void bad_arguments(maxai_model* model, const char* bytes, size_t size) {
  maxai_model* other = model;
  maxai_context* context;
  maxai_model_info info;
  maxai_column_info column;
  maxai_output_info output;
  maxai_string label;
  expect(maxai_load_file(NULL, &other) == MAXAI_USAGE && !other, "no path");
  expect(maxai_load_file("/nowhere/model.maxb", &other) == MAXAI_NOT_FOUND, "no file");
  expect(maxai_load_file("/", &other) == MAXAI_IO, "a folder");
  expect(maxai_load_file("/", NULL) == MAXAI_USAGE, "nowhere to put a model");
  expect(maxai_load_memory(NULL, 5, &other) == MAXAI_USAGE, "no bytes");
  expect(maxai_load_memory(bytes, 0, &other) == MAXAI_MALFORMED, "an empty bundle");
  expect(maxai_load_memory(bytes, SIZE_MAX, &other) == MAXAI_LIMIT_EXCEEDED, "more than memory");
  expect(maxai_load_memory(bytes, size / 2, &other) == MAXAI_MALFORMED, "half a bundle");
  char* damaged = malloc(size);
  memcpy(damaged, bytes, size);
  damaged[size - 1] ^= 1;
  damaged[size / 2] ^= 1;
  expect(maxai_load_memory(damaged, size, &other) != MAXAI_OK && !other, "a damaged bundle");
  free(damaged);
  expect(maxai_load_memory(bytes, size, &other) == MAXAI_OK, "from memory");
  maxai_model_free(other);
  maxai_model_free(NULL);
  maxai_context_free(NULL);
  expect(maxai_model_describe(NULL, &info) == MAXAI_USAGE && maxai_model_describe(model, NULL) == MAXAI_USAGE,
         "describe");
  expect(maxai_model_column(model, SIZE_MAX, &column) == MAXAI_USAGE, "no such column");
  expect(maxai_model_output(model, 99, &output) == MAXAI_USAGE, "no such output");
  expect(maxai_model_output_label(model, 0, SIZE_MAX, &label) == MAXAI_USAGE, "no such label");
  expect(maxai_context_new(model, 0, 1, &context) == MAXAI_LIMIT_EXCEEDED && !context, "no rows");
  expect(maxai_context_new(model, SIZE_MAX, 1, &context) == MAXAI_LIMIT_EXCEEDED, "rows beyond an Int");
  expect(maxai_context_new(model, 1, 0, &context) == MAXAI_USAGE, "no threads");
  expect(maxai_context_new(model, 1, SIZE_MAX, &context) == MAXAI_USAGE, "threads beyond an Int");
  expect(maxai_context_new(NULL, 1, 1, &context) == MAXAI_USAGE, "no model");
  expect(maxai_context_new(model, 1, 1, NULL) == MAXAI_USAGE, "nowhere to put a context");
  expect(maxai_predict_f32(NULL, NULL, 0, 0, 0) == MAXAI_USAGE, "no context");
  const void* values;
  size_t count;
  expect(maxai_context_new(model, 1, 1, &context) == MAXAI_OK, "context");
  expect(maxai_output(context, 0, &values, &count) == MAXAI_USAGE, "no results before a call");
  maxai_context_free(context);
}

// Rows repeated until there are several blocks for each of three threads.
static void team(struct table* t) {
  size_t copies = 8192 / t->count + 1, width = t->elements / t->count;
  float* rows = malloc(copies * t->count * t->columns * sizeof(float));
  for (size_t i = 0; i < copies; i++)
    memcpy(rows + i * t->count * t->columns, t->rows, t->count * t->columns * sizeof(float));
  maxai_context* context;
  expect(maxai_context_new(t->model, copies * t->count, 3, &context) == MAXAI_OK, "context of a team");
  for (int turn = 0; turn < 10; turn++) {
    const void* values;
    size_t count;
    size_t used = turn % 2 ? copies : 1;
    expect(maxai_predict_f32(context, rows, t->columns, used * t->count, 0) == MAXAI_OK, "team");
    expect(maxai_output(context, t->output, &values, &count) == MAXAI_OK && count == used * t->elements,
           "a team's results");
    for (size_t i = 0; i < used; i++) {
      expect(
          memcmp((const float*)values + i * t->count * width, t->expected, t->elements * sizeof(float)) == 0,
          "a team agrees");
    }
  }
  maxai_context_free(context);
  free(rows);
}

int main(int count, char** arguments) {
  if (count != 6) return MAXAI_USAGE;
  size_t bytes, expected, size;
  struct table t = {.rows = contents(arguments[2], &bytes), .expected = contents(arguments[3], &expected)};
  t.columns = strtoul(arguments[4], NULL, 10);
  t.output = strtoul(arguments[5], NULL, 10);
  t.count = bytes / sizeof(float) / t.columns;
  t.elements = expected / sizeof(float);
  char* bundle = contents(arguments[1], &size);
  maxai_model_info info;
  expect(strlen(maxai_version()) > 0, "version");
  expect(maxai_load_file(arguments[1], &t.model) == MAXAI_OK, "load");
  if (failed) return 1;
  expect(
      maxai_model_describe(t.model, &info) == MAXAI_OK && info.columns == t.columns && info.kernels.size > 0,
      "describe");

  bad_arguments(t.model, bundle, size);
  columns_apart(&t);
  team(&t);
  struct table tables[2] = {t, t};
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, score, &tables[i]);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  expect(tables[0].passed && tables[1].passed, "two threads");

  // A context outlives its model.
  maxai_context* context;
  expect(maxai_context_new(t.model, 1, 1, &context) == MAXAI_OK, "context");
  maxai_model_free(t.model);
  expect(maxai_predict_f32(context, t.rows, t.columns, 1, 0) == MAXAI_OK && agrees(context, &t, 0, 1),
         "after its model");
  maxai_context_free(context);
  free(bundle);
  free((void*)t.rows);
  free((void*)t.expected);
  return failed;
}
