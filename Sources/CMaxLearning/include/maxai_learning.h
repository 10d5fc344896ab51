// Kernels of the learners: arithmetic on raw buffers. No allocation, no input or output, no threads of their
// own.
#ifndef MAXAI_LEARNING_H
#define MAXAI_LEARNING_H

#include <stddef.h>
#include <stdint.h>

#endif
