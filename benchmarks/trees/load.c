// Load to first answer of a bundle through libmaxai, in a process that did nothing before.
//
//     load BUNDLE COLUMNS   prints: load_ms first_answer_ms(total) again_ms(total, the same file once more)
//     faults rss_kib
#include <maxai.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static void check(int32_t code) {
  if (code == MAXAI_OK) return;
  fprintf(stderr, "%s\n", maxai_last_error());
  exit(code);
}

// Milliseconds until the model is there and until it has answered.
static void once(const char* path, size_t columns, double* loaded, double* answered) {
  float* row = calloc(columns, sizeof *row);
  for (size_t k = 0; k < columns; k++) row[k] = 0.1f * (float)k;
  maxai_model* model;
  maxai_context* context;
  double start = now();
  check(maxai_load_file(path, &model));
  *loaded = now() - start;
  check(maxai_context_new(model, 1, 1, &context));
  check(maxai_predict_f32(context, row, columns, 1, 0));
  *answered = now() - start;
  maxai_context_free(context);
  maxai_model_free(model);
  free(row);
}

int main(int count, char** arguments) {
  if (count != 3) return MAXAI_USAGE;
  size_t columns = strtoul(arguments[2], NULL, 10);
  double loaded, answered, again, unused;
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  once(arguments[1], columns, &loaded, &answered);
  getrusage(RUSAGE_SELF, &after);
  once(arguments[1], columns, &unused, &again);
  printf("%.3f %.3f %.3f %ld %ld\n", loaded, answered, again, after.ru_minflt - before.ru_minflt,
         after.ru_maxrss - before.ru_maxrss);
  return 0;
}
