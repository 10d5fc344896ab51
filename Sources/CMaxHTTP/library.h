// The functions of libcurl that are used, looked up in the shared library.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

typedef struct {
  CURL* (*easy_init)(void);
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...);
  CURLcode (*easy_perform)(CURL*);
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...);
  void (*easy_reset)(CURL*);
  void (*easy_cleanup)(CURL*);
  const char* (*easy_strerror)(CURLcode);
  struct curl_slist* (*slist_append)(struct curl_slist*, const char*);
  void (*slist_free_all)(struct curl_slist*);
} maxai_curl;

// Null when the library or one of the functions is not there: `message` says which. Opens it once.
const maxai_curl* maxai_curl_library(char* message, size_t message_bytes);
