#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "abi_support.h"

struct member {
  struct maxai_abi_crew* crew;
  size_t index;
  pthread_t thread;
};

struct maxai_abi_crew {
  pthread_mutex_t lock;
  pthread_cond_t start, done;
  // A run has a number: a member that has seen it does not run it twice.
  unsigned long run;
  size_t members, working, started;
  int ending;
  void (*work)(void*, size_t);
  void* argument;
  struct member member[];
};

static void* live(void* pointer) {
  const struct member* self = pointer;
  struct maxai_abi_crew* crew = self->crew;
  unsigned long seen = 0;
  pthread_mutex_lock(&crew->lock);
  for (;;) {
    while (!crew->ending && (crew->run == seen || self->index >= crew->members)) {
      seen = crew->run;
      pthread_cond_wait(&crew->start, &crew->lock);
    }
    if (crew->ending) break;
    seen = crew->run;
    pthread_mutex_unlock(&crew->lock);
    crew->work(crew->argument, self->index);
    pthread_mutex_lock(&crew->lock);
    if (--crew->working == 0) pthread_cond_signal(&crew->done);
  }
  pthread_mutex_unlock(&crew->lock);
  return NULL;
}

struct maxai_abi_crew* maxai_abi_crew_new(size_t count) {
  struct maxai_abi_crew* crew = calloc(1, sizeof *crew + count * sizeof crew->member[0]);
  if (!crew) return NULL;
  pthread_mutex_init(&crew->lock, NULL);
  pthread_cond_init(&crew->start, NULL);
  pthread_cond_init(&crew->done, NULL);
  // Signals are the host's matter: they must not arrive on a thread that it does not know.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  for (size_t i = 1; i < count && !failed; i++) {
    crew->member[i] = (struct member){.crew = crew, .index = i};
    failed = pthread_create(&crew->member[i].thread, NULL, live, &crew->member[i]);
    if (!failed) crew->started = i;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!failed) return crew;
  maxai_abi_crew_free(crew);
  return NULL;
}

void maxai_abi_crew_free(struct maxai_abi_crew* crew) {
  pthread_mutex_lock(&crew->lock);
  crew->ending = 1;
  pthread_cond_broadcast(&crew->start);
  pthread_mutex_unlock(&crew->lock);
  for (size_t i = 1; i <= crew->started; i++) pthread_join(crew->member[i].thread, NULL);
  pthread_cond_destroy(&crew->done);
  pthread_cond_destroy(&crew->start);
  pthread_mutex_destroy(&crew->lock);
  free(crew);
}

void maxai_abi_crew_run(struct maxai_abi_crew* crew, size_t members, void (*work)(void*, size_t),
                        void* argument) {
  pthread_mutex_lock(&crew->lock);
  crew->work = work;
  crew->argument = argument;
  crew->members = members;
  crew->working = members - 1;
  crew->run++;
  pthread_cond_broadcast(&crew->start);
  pthread_mutex_unlock(&crew->lock);
  work(argument, 0);
  pthread_mutex_lock(&crew->lock);
  while (crew->working > 0) pthread_cond_wait(&crew->done, &crew->lock);
  pthread_mutex_unlock(&crew->lock);
}
