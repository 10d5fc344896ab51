// What the library needs and Swift does not have: a thread's message, and threads that wait for work.
#pragma once

#include <stddef.h>

// Keeps a copy of `message`, cut to what fits, for maxai_abi_message of this thread.
void maxai_abi_fail(const char* message, size_t size);
const char* maxai_abi_message(void);

// `count - 1` threads that wait; NULL if the system gives no thread.
struct maxai_abi_crew;
struct maxai_abi_crew* maxai_abi_crew_new(size_t count);
void maxai_abi_crew_free(struct maxai_abi_crew* crew);
// Calls work(argument, i) for i in 0..<members, once each and at the same time; i = 0 on the calling thread.
// Returns when all have returned.
void maxai_abi_crew_run(struct maxai_abi_crew* crew, size_t members, void (*work)(void*, size_t),
                        void* argument);

// Arrow structures that own everything in them by malloc: buffers, children, texts.
struct ArrowArray;
struct ArrowSchema;
void maxai_abi_release_array(struct ArrowArray* array);
void maxai_abi_release_schema(struct ArrowSchema* schema);
