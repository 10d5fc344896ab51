#include <stdlib.h>

#include "abi_support.h"
#include "maxai.h"

void maxai_abi_release_array(struct ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; i++) {
    // A consumer may have moved a child out: its release is then NULL.
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
    free(array->children[i]);
  }
  free(array->children);
  for (int64_t i = 0; i < array->n_buffers; i++) free((void*)array->buffers[i]);
  free(array->buffers);
  array->release = NULL;
}

void maxai_abi_release_schema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
    free(schema->children[i]);
  }
  free(schema->children);
  free((void*)schema->format);
  free((void*)schema->name);
  schema->release = NULL;
}
