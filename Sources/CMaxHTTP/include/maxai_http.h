// One HTTP exchange by libcurl, which is opened on first use: a command that never talks to a network
// neither needs it nor waits for it and its dependencies to load.
//
// curl_easy_setopt is variadic and does not import into Swift; nothing of it passes this header.
// Redirects are not followed here: which addresses may be followed is decided by the caller.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct maxai_http maxai_http;

// What a response may not make us connect to; checked on the address that a name resolved to.
enum {
  maxai_http_refuse_link_local = 1,
  maxai_http_refuse_loopback = 2,
};

typedef struct {
  const char* method;
  // http or https only.
  const char* url;
  // "Name: value", ended by a null pointer.
  const char* const* headers;
  // PEM file of the authorities to trust; null for the system's.
  const char* authorities;
  // Bytes sent, -1 for a request without a body.
  int64_t body_bytes;
  // The body, when not null; otherwise it is read from body_descriptor at body_offset.
  const uint8_t* body;
  int64_t body_offset;
  int body_descriptor;
  // maxai_http_refuse_* together.
  int refused;
  // Non-zero: the environment's proxies are not asked.
  int direct;
  long connect_milliseconds;
  // Slower than low_speed_bytes a second for low_speed_seconds ends the exchange; 0 for no such limit.
  long low_speed_bytes;
  long low_speed_seconds;
  // The whole exchange; 0 for no limit.
  long total_milliseconds;
  void* context;
  // One header line without its end; a status line begins the headers anew.
  void (*on_header)(void* context, const uint8_t* line, size_t count);
  // Non-zero ends the exchange with maxai_http_stopped.
  int (*on_body)(void* context, const uint8_t* bytes, size_t count);
  // Bytes of the request's body that have been handed over since the last call.
  void (*on_sent)(void* context, size_t count);
} maxai_http_request;

typedef enum {
  maxai_http_done = 0,
  maxai_http_failed = 1,
  // on_body asked for it.
  maxai_http_stopped = 2,
  // The name resolved to an address in `refused`.
  maxai_http_refused = 3,
  maxai_http_timed_out = 4,
} maxai_http_outcome;

// A connection pool for one thread at a time; null when libcurl cannot be opened: `message` says why.
maxai_http* maxai_http_open(char* message, size_t message_bytes);
void maxai_http_close(maxai_http* http);

// Performs one exchange. `message` gets what libcurl said, when the outcome is not `done`.
maxai_http_outcome maxai_http_perform(maxai_http* http, const maxai_http_request* request, long* status,
                                      char* message, size_t message_bytes);

// Whether the socket address at `address` (sockaddr_in or sockaddr_in6) is among what `refused` names.
int maxai_http_number_refused(const void* address, int refused);
