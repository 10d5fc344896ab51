// Scores one row with a bundle whose columns are all numbers.
//
//     cc examples/c/score.c -Iruntime/capi/abi/include -Lbuild/lib -lmaxai -Wl,-rpath,$PWD/build/lib -o score
//     ./score model.maxb 5.1 3.5 1.4 0.2
#include <maxai.h>
#include <stdio.h>
#include <stdlib.h>

static void check(int32_t code) {
  if (code == MAXAI_OK) return;
  fprintf(stderr, "%s\n", maxai_last_error());
  exit(code);
}

int main(int count, char** arguments) {
  if (count < 2) return MAXAI_USAGE;
  maxai_model* model;
  maxai_context* context;
  maxai_model_info info;
  check(maxai_load_file(arguments[1], &model));
  check(maxai_model_describe(model, &info));
  check(maxai_context_new(model, 1, 1, &context));

  size_t given = (size_t)count - 2;
  double row[given + 1];
  for (size_t i = 0; i < given; i++) row[i] = strtod(arguments[i + 2], NULL);
  check(maxai_predict_f64(context, row, given, 1, 0));

  for (size_t i = 0; i < info.outputs; i++) {
    maxai_output_info output;
    const void* values;
    size_t elements;
    check(maxai_model_output(model, i, &output));
    check(maxai_output(context, i, &values, &elements));
    printf("%s:", output.name.data);
    for (size_t k = 0; k < elements; k++) {
      if (output.type == MAXAI_F32) printf(" %.9g", ((const float*)values)[k]);
      if (output.type == MAXAI_F64) printf(" %.17g", ((const double*)values)[k]);
      if (output.type == MAXAI_I64) printf(" %lld", (long long)((const int64_t*)values)[k]);
      if (output.type == MAXAI_STRING)
        printf(" %.*s", (int)((const maxai_string*)values)[k].size, ((const maxai_string*)values)[k].data);
    }
    printf("\n");
  }
  maxai_context_free(context);
  maxai_model_free(model);
  return 0;
}
