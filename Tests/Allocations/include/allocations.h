// Counts the allocations of the calling thread, in executables that link this.
#pragma once
#include <stdint.h>

uint64_t maxai_allocation_count(void);
