/**
 * Runs a program again and again as the classic watchdog does for each request: fork, exec, the body to its standard input,
 * its standard output read to the end. Prints the microseconds of one run, the median of all.
 * usage: fork-exec RUNS BODY PROGRAM
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void run(const char *program, const char *body) {
  int in[2], out[2], status;
  char answer[4096];
  if (pipe(in) != 0 || pipe(out) != 0) exit(2);
  const pid_t child = fork();
  if (child < 0) exit(2);
  if (child == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    close(in[0]), close(in[1]), close(out[0]), close(out[1]);
    execl(program, program, (char *)NULL);
    _exit(127);
  }
  close(in[0]), close(out[1]);
  if (write(in[1], body, strlen(body)) < 0) exit(2);
  close(in[1]);
  ssize_t got, all = 0;
  while ((got = read(out[0], answer, sizeof answer)) > 0) all += got;
  close(out[0]);
  if (waitpid(child, &status, 0) != child || status != 0 || all == 0) exit(3);
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int count, char **arguments) {
  if (count != 4) return 1;
  const int runs = atoi(arguments[1]);
  double *took = calloc((size_t)runs, sizeof *took);
  if (took == NULL) return 2;
  for (int i = 0; i < runs; i++) {
    const double before = now_us();
    run(arguments[3], arguments[2]);
    took[i] = now_us() - before;
  }
  qsort(took, (size_t)runs, sizeof *took, by_value);
  printf("%.1f\n", took[runs / 2]);
  return 0;
}
