#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static maxai_curl functions;
static char failure[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_library(void) {
  static const char* const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
  void* library = NULL;
  for (size_t index = 0; !library && index < sizeof names / sizeof *names; index++) {
    library = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) {
    snprintf(failure, sizeof failure, "libcurl.so.4 cannot be opened: install libcurl4");
    return;
  }
  struct {
    const char* name;
    void** place;
  } wanted[] = {
      {"curl_easy_init", (void**)&functions.easy_init},
      {"curl_easy_setopt", (void**)&functions.easy_setopt},
      {"curl_easy_perform", (void**)&functions.easy_perform},
      {"curl_easy_getinfo", (void**)&functions.easy_getinfo},
      {"curl_easy_reset", (void**)&functions.easy_reset},
      {"curl_easy_cleanup", (void**)&functions.easy_cleanup},
      {"curl_easy_strerror", (void**)&functions.easy_strerror},
      {"curl_slist_append", (void**)&functions.slist_append},
      {"curl_slist_free_all", (void**)&functions.slist_free_all},
  };
  for (size_t index = 0; index < sizeof wanted / sizeof *wanted; index++) {
    *wanted[index].place = dlsym(library, wanted[index].name);
    if (!*wanted[index].place) {
      snprintf(failure, sizeof failure, "libcurl has no %s", wanted[index].name);
      return;
    }
  }
  CURLcode (*global_init)(long) = (CURLcode(*)(long))dlsym(library, "curl_global_init");
  if (!global_init || global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    snprintf(failure, sizeof failure, "libcurl does not start");
  }
}

const maxai_curl* maxai_curl_library(char* message, size_t message_bytes) {
  pthread_once(&once, open_library);
  if (!failure[0]) return &functions;
  snprintf(message, message_bytes, "%s", failure);
  return NULL;
}
