#define _GNU_SOURCE
#include "image_path.h"

#include <dlfcn.h>
#include <stddef.h>

const char* maxai_image_path(void) {
  static const char here = 0;
  Dl_info info;
  return dladdr(&here, &info) ? info.dli_fname : NULL;
}
