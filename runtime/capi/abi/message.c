#include <string.h>

#include "abi_support.h"

// MaxError cuts messages to 4096 bytes; what is added around them is shorter than the rest.
static _Thread_local char message[8192];

void maxai_abi_fail(const char* text, size_t size) {
  if (size >= sizeof message) size = sizeof message - 1;
  if (size > 0) memcpy(message, text, size);
  message[size] = 0;
}

const char* maxai_abi_message(void) { return message; }
