#include "address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "maxai_http.h"

static int refused_v4(const uint8_t* bytes, int refused) {
  if ((refused & maxai_http_refuse_link_local) && bytes[0] == 169 && bytes[1] == 254) return 1;
  // 0.0.0.0/8 reaches this host.
  return (refused & maxai_http_refuse_loopback) && (bytes[0] == 127 || bytes[0] == 0);
}

static int refused_v6(const uint8_t* bytes, int refused) {
  static const uint8_t zeros[16] = {0};
  // The metadata service of Amazon's machines by IPv6.
  static const uint8_t metadata[16] = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54};
  if (memcmp(bytes, zeros, 10) == 0 && bytes[10] == 0xff && bytes[11] == 0xff) {
    return refused_v4(bytes + 12, refused);
  }
  if (refused & maxai_http_refuse_link_local) {
    if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) return 1;
    if (memcmp(bytes, metadata, 16) == 0) return 1;
  }
  return (refused & maxai_http_refuse_loopback) && memcmp(bytes, zeros, 15) == 0 && bytes[15] <= 1;
}

int maxai_http_address_refused(const struct sockaddr* address, int refused) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in v4;
    memcpy(&v4, address, sizeof v4);
    return refused_v4((const uint8_t*)&v4.sin_addr, refused);
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return refused_v6((const uint8_t*)&v6.sin6_addr, refused);
  }
  return 0;
}

int maxai_http_number_refused(const void* address, int refused) {
  return maxai_http_address_refused(address, refused);
}
