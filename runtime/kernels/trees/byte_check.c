// What has to hold of nodes that came from a file before any kernel follows them.
#include <string.h>

#include "maxai_kernels.h"

int maxai_byte_nodes_sound(const maxai_byte_node *nodes, size_t count, int32_t width) {
  // Position `count` is where leaves lead. Only stores, so that no node waits for the one before it.
  uint8_t reached[256] = {1};
  unsigned bad = count > 255;
  if (bad) return 0;
  for (size_t position = 0; position < count; position++) {
    maxai_byte_node n = nodes[position];
    bad |= (n.column >= width) | (n.left <= position) | (n.left > count) | (n.right <= position) |
           (n.right > count) | n.unused | n.nothing;
    reached[n.left] = 1;
    reached[n.right] = 1;
  }
  maxai_byte_node last = nodes[count];
  bad |= (last.column >= width) | (last.left != count) | (last.right != count) | (last.limit != 255) |
         last.unused | last.nothing;
  // A child stands after its parent, so whoever is named at all is named by an earlier one.
  return !bad && (count == 0 || !memchr(reached, 0, count));
}
