// SPDX-License-Identifier: Apache-2.0
//
// The agent of the benchmarks: says when it began, then waits at a prompt. In C because whatever it takes to start is
// part of every figure, of ours and of the alternatives' alike: about half a millisecond.
//
//     bench-agent FIFO [NAME]
//
// writes "NAME PID NANOSECONDS" (CLOCK_MONOTONIC) into the FIFO. Without NAME it is GT_SESSION.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const char *name = count > 2 ? words[2] : getenv("GT_SESSION");
  char text[256];
  int length = snprintf(
      text, sizeof text, "%s %d %lld\n", name ? name : "?", (int)getpid(), now.tv_sec * 1000000000LL + now.tv_nsec);
  // Not to be held up where nobody measures: without a reader this fails at once.
  int fifo = count > 1 ? open(words[1], O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
  if (fifo >= 0) {
    if (write(fifo, text, length) != length) perror("bench-agent");
    close(fifo);
  }
  if (isatty(0)) {
    char line[1024];
    do {
      printf("> ");
      fflush(stdout);
    } while (fgets(line, sizeof line, stdin));
    return 0;
  }
  for (;;) pause();
}
