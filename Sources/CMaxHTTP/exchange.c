#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "library.h"
#include "maxai_http.h"

struct maxai_http {
  const maxai_curl* library;
  CURL* easy;
};

typedef struct {
  const maxai_http_request* request;
  int64_t sent;
  int refused_address;
  int stopped;
} exchange;

maxai_http* maxai_http_open(char* message, size_t message_bytes) {
  const maxai_curl* library = maxai_curl_library(message, message_bytes);
  if (!library) return NULL;
  maxai_http* http = calloc(1, sizeof *http);
  CURL* easy = library->easy_init();
  if (!http || !easy) {
    snprintf(message, message_bytes, "no memory for a connection");
    if (easy) library->easy_cleanup(easy);
    free(http);
    return NULL;
  }
  http->library = library;
  http->easy = easy;
  return http;
}

void maxai_http_close(maxai_http* http) {
  if (!http) return;
  http->library->easy_cleanup(http->easy);
  free(http);
}

static size_t take_header(char* bytes, size_t size, size_t count, void* context) {
  exchange* current = context;
  size_t length = size * count;
  size_t kept = length;
  while (kept > 0 && (bytes[kept - 1] == '\r' || bytes[kept - 1] == '\n')) kept--;
  current->request->on_header(current->request->context, (const uint8_t*)bytes, kept);
  return length;
}

static size_t take_body(char* bytes, size_t size, size_t count, void* context) {
  exchange* current = context;
  if (current->request->on_body(current->request->context, (const uint8_t*)bytes, size * count) == 0) {
    return size * count;
  }
  current->stopped = 1;
  return 0;
}

static size_t give_body(char* buffer, size_t size, size_t count, void* context) {
  exchange* current = context;
  const maxai_http_request* request = current->request;
  int64_t left = request->body_bytes - current->sent;
  if (left <= 0) return 0;
  size_t wanted = size * count < (uint64_t)left ? size * count : (size_t)left;
  if (request->body) {
    memcpy(buffer, request->body + current->sent, wanted);
  } else {
    ssize_t got;
    do {
      got = pread(request->body_descriptor, buffer, wanted, request->body_offset + current->sent);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return CURL_READFUNC_ABORT;
    wanted = (size_t)got;
  }
  current->sent += (int64_t)wanted;
  request->on_sent(request->context, wanted);
  return wanted;
}

static int rewind_body(void* context, curl_off_t offset, int origin) {
  exchange* current = context;
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  current->sent = offset;
  return CURL_SEEKFUNC_OK;
}

static curl_socket_t open_socket(void* context, curlsocktype purpose, struct curl_sockaddr* address) {
  exchange* current = context;
  (void)purpose;
  if (maxai_http_address_refused(&address->addr, current->request->refused)) {
    current->refused_address = 1;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode set_request(maxai_http* http, exchange* current, struct curl_slist* headers) {
  const maxai_http_request* request = current->request;
  CURLcode code = CURLE_OK;
#define SET(option, value) \
  if (code == CURLE_OK) code = http->library->easy_setopt(http->easy, option, value)
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  SET(CURLOPT_URL, request->url);
  SET(CURLOPT_PATH_AS_IS, 1L);
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  SET(CURLOPT_USERAGENT, "maxai");
  SET(CURLOPT_HTTPHEADER, headers);
  SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_milliseconds);
  SET(CURLOPT_LOW_SPEED_LIMIT, request->low_speed_bytes);
  SET(CURLOPT_LOW_SPEED_TIME, request->low_speed_seconds);
  SET(CURLOPT_TIMEOUT_MS, request->total_milliseconds);
  SET(CURLOPT_HEADERFUNCTION, take_header);
  SET(CURLOPT_HEADERDATA, current);
  SET(CURLOPT_WRITEFUNCTION, take_body);
  SET(CURLOPT_WRITEDATA, current);
  SET(CURLOPT_BUFFERSIZE, 256L << 10);
  SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  SET(CURLOPT_OPENSOCKETDATA, current);
  if (request->authorities) SET(CURLOPT_CAINFO, request->authorities);
  if (request->direct) SET(CURLOPT_PROXY, "");
  // A connection that an earlier exchange opened has not been held against this one's refusals.
  if (request->refused) SET(CURLOPT_FRESH_CONNECT, 1L);
  if (strcmp(request->method, "HEAD") == 0) SET(CURLOPT_NOBODY, 1L);
  if (request->body_bytes >= 0) {
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_bytes);
    SET(CURLOPT_READFUNCTION, give_body);
    SET(CURLOPT_READDATA, current);
    SET(CURLOPT_SEEKFUNCTION, rewind_body);
    SET(CURLOPT_SEEKDATA, current);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
  }
  SET(CURLOPT_CUSTOMREQUEST, request->method);
#undef SET
  return code;
}

maxai_http_outcome maxai_http_perform(maxai_http* http, const maxai_http_request* request, long* status,
                                      char* message, size_t message_bytes) {
  const maxai_curl* library = http->library;
  exchange current = {.request = request};
  struct curl_slist* headers = NULL;
  char error[CURL_ERROR_SIZE] = "";
  *status = 0;
  library->easy_reset(http->easy);
  for (size_t index = 0; request->headers[index]; index++) {
    struct curl_slist* longer = library->slist_append(headers, request->headers[index]);
    if (!longer) {
      library->slist_free_all(headers);
      snprintf(message, message_bytes, "no memory for the headers");
      return maxai_http_failed;
    }
    headers = longer;
  }
  library->easy_setopt(http->easy, CURLOPT_ERRORBUFFER, error);
  CURLcode code = set_request(http, &current, headers);
  if (code == CURLE_OK) code = library->easy_perform(http->easy);
  library->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, status);
  library->easy_setopt(http->easy, CURLOPT_ERRORBUFFER, NULL);
  library->slist_free_all(headers);
  if (code == CURLE_OK) return maxai_http_done;
  snprintf(message, message_bytes, "%s", error[0] ? error : library->easy_strerror(code));
  if (current.stopped) return maxai_http_stopped;
  if (current.refused_address) return maxai_http_refused;
  return code == CURLE_OPERATION_TIMEDOUT ? maxai_http_timed_out : maxai_http_failed;
}
