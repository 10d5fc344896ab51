// Addresses that a server must not send us to.
#pragma once

#include <sys/socket.h>

// Whether `address` is among what `refused` (maxai_http_refuse_*) names. Unknown families are not.
int maxai_http_address_refused(const struct sockaddr* address, int refused);
