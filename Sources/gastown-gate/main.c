// SPDX-License-Identifier: Apache-2.0
//
// The first process of an agent's pane: waits until it is in the agent's control group, and becomes the command then.
// What the command starts, however early, is born in that group. The pid and the start time stay: they are the agent's.
//
//     gastown-gate MILLISECONDS COMMAND [WORD...]
//
// The group is a scope "gastown-agent-...-PID-STARTTIME.scope". It is looked for in /proc, so that nothing is left to
// wait for where the daemon ends in between: after MILLISECONDS the command runs where it is. In C, as its start is part
// of every restart.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// Whether the last part of this process's group is the scope that is made for it.
static int is_in_own_scope(const char *pid) {
  char text[8192];
  int file = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  char *line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
  if (!line) return 0;
  if (*line == '\n') line++;
  line[strcspn(line, "\n")] = 0;
  char *unit = strrchr(line, '/');
  return unit && strncmp(unit, "/gastown-agent-", 15) == 0 && strstr(unit, pid);
}

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: gastown-gate MILLISECONDS COMMAND [WORD...]\n");
    return 64;
  }
  char pid[32];
  snprintf(pid, sizeof pid, "-%d-", (int)getpid());
  long long end = milliseconds() + atoi(words[1]);
  // Half a millisecond while somebody is at it, and less often when it takes long.
  for (long pause = 500000; !is_in_own_scope(pid) && milliseconds() < end;) {
    struct timespec rest = {0, pause};
    nanosleep(&rest, NULL);
    if (pause < 10000000) pause += pause / 32;
  }
  execvp(words[2], words + 2);
  fprintf(stderr, "gastown-gate: %s: %s\n", words[2], strerror(errno));
  return errno == ENOENT ? 127 : 126;
}
