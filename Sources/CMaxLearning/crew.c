#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "maxai_learning.h"

struct member {
  struct maxai_crew* crew;
  size_t index;
  pthread_t thread;
};

struct maxai_crew {
  size_t count;
  // Counts runs; members wait for it to change.
  _Atomic uint32_t run;
  _Atomic uint32_t sleeping;
  _Atomic uint32_t working;
  _Atomic int ending;
  void (*work)(void*, size_t);
  void* argument;
  struct member member[];
};

enum { SPINS = 1500 };

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void futex_wait(_Atomic uint32_t* word, uint32_t seen) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t* word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static void* live(void* pointer) {
  const struct member* self = pointer;
  struct maxai_crew* crew = self->crew;
  uint32_t seen = 0;
  for (;;) {
    int spins = 0;
    while (atomic_load(&crew->run) == seen) {
      if (++spins < SPINS) {
        relax();
        continue;
      }
      atomic_fetch_add(&crew->sleeping, 1);
      futex_wait(&crew->run, seen);
      atomic_fetch_sub(&crew->sleeping, 1);
    }
    seen++;
    if (atomic_load(&crew->ending)) return NULL;
    crew->work(crew->argument, self->index);
    if (atomic_fetch_sub(&crew->working, 1) == 1) futex_wake(&crew->working, 1);
  }
}

maxai_crew* maxai_crew_new(size_t count) {
  maxai_crew* crew = calloc(1, sizeof *crew + count * sizeof crew->member[0]);
  if (!crew) return NULL;
  crew->count = 1;
  // Signals are for the threads that the program knows.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  for (size_t i = 1; i < count && !failed; i++) {
    crew->member[i] = (struct member){.crew = crew, .index = i};
    failed = pthread_create(&crew->member[i].thread, NULL, live, &crew->member[i]);
    if (!failed) crew->count = i + 1;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!failed) return crew;
  maxai_crew_free(crew);
  return NULL;
}

static void start(maxai_crew* crew) {
  atomic_fetch_add(&crew->run, 1);
  if (atomic_load(&crew->sleeping) > 0) futex_wake(&crew->run, (int)crew->count);
}

void maxai_crew_free(maxai_crew* crew) {
  atomic_store(&crew->ending, 1);
  start(crew);
  for (size_t i = 1; i < crew->count; i++) pthread_join(crew->member[i].thread, NULL);
  free(crew);
}

void maxai_crew_run(maxai_crew* crew, void (*work)(void*, size_t), void* argument) {
  if (crew->count == 1) {
    work(argument, 0);
    return;
  }
  crew->work = work;
  crew->argument = argument;
  atomic_store(&crew->working, (uint32_t)crew->count - 1);
  start(crew);
  work(argument, 0);
  int spins = 0;
  for (;;) {
    uint32_t left = atomic_load(&crew->working);
    if (left == 0) return;
    if (++spins < SPINS) {
      relax();
    } else {
      futex_wait(&crew->working, left);
    }
  }
}
