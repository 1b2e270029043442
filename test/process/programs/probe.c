/* Does what its standard input says, word by word, and prints what came of it: what a function in a sandbox may and may not do. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void tell(int result) { printf("%s\n", result >= 0 ? "ok" : strerror(errno)); }

static void read_file(const char *path) {
  char text[65536];
  const int file = open(path, O_RDONLY);
  const ssize_t length = file < 0 ? -1 : read(file, text, sizeof text);
  if (length < 0) tell(-1);
  else fwrite(text, 1, (size_t)length, stdout);
}

static void write_file(const char *path) {
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  tell(file < 0 ? -1 : (int)write(file, "written", 7));
}

static void list(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) {
    tell(-1);
    return;
  }
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] != '.') printf("%s\n", entry->d_name);
  }
}

static void connect_to(const char *address, const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  inet_pton(AF_INET, address, &to.sin_addr);
  tell(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to));
}

static void connect_abstract(const char *name) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strcpy(to.sun_path + 1, name);
  const socklen_t length = (socklen_t)(sizeof(sa_family_t) + 1 + strlen(name));
  tell(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, length));
}

static void use_memory(size_t megabytes) {
  for (size_t n = 0; n < megabytes; n++) {
    char *block = malloc(1 << 20);
    if (!block) break;
    memset(block, (int)n, 1 << 20);
  }
  printf("ok\n");
}

static void make_processes(int most) {
  int made = 0;
  for (; made < most; made++) {
    const pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) {
      pause();
      _exit(0);
    }
  }
  printf("%d\n", made);
}

static void open_files(void) {
  int most = 0;
  while (open("/dev/null", O_RDONLY) >= 0) most++;
  printf("%d\n", most);
}

/** How much time of a processor it gets while so many milliseconds pass. */
static void spin(int ms) {
  struct timespec now, begin;
  struct rusage used;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < ms);
  getrusage(RUSAGE_SELF, &used);
  const long cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
  printf("%ld\n", cpu * 100 / ms);
}

/** Leaves a process behind, in a session of its own. */
static void leave_behind(void) {
  fflush(stdout);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) for (;;) pause();
    _exit(0);
  }
  wait(NULL);
  printf("ok\n");
}

int main(int argc, char **argv) {
  char input[4096] = "", *words[8] = {0};
  const size_t length = fread(input, 1, sizeof input - 1, stdin);
  input[length] = '\0';
  int count = 0;
  for (char *word = strtok(input, " \n"); word && count < 8; word = strtok(NULL, " \n")) words[count++] = word;
  const char *what = words[0] ? words[0] : "", *first = words[1] ? words[1] : "", *second = words[2] ? words[2] : "";

  if (!strcmp(what, "read")) read_file(first);
  else if (!strcmp(what, "write")) write_file(first);
  else if (!strcmp(what, "list")) list(first);
  else if (!strcmp(what, "connect")) connect_to(first, second);
  else if (!strcmp(what, "abstract")) connect_abstract(first);
  else if (!strcmp(what, "mount")) tell(mount("none", "/tmp", "tmpfs", 0, NULL));
  else if (!strcmp(what, "remount")) tell(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
  else if (!strcmp(what, "ptrace")) tell((int)ptrace(PTRACE_ATTACH, atoi(first), NULL, NULL));
  else if (!strcmp(what, "kill")) tell(kill(atoi(first), SIGKILL));
  else if (!strcmp(what, "setuid")) tell(setuid(0));
  else if (!strcmp(what, "chmod")) tell(chmod(first, 04777));
  else if (!strcmp(what, "owner")) {
    struct stat found;
    if (stat(first, &found) < 0) tell(-1);
    else printf("%u\n", found.st_uid);
  } else if (!strcmp(what, "id")) printf("%u %u\n", getuid(), getgid());
  else if (!strcmp(what, "cwd")) printf("%s\n", getcwd(input, sizeof input));
  else if (!strcmp(what, "env")) for (char **each = environ; *each; each++) printf("%s\n", *each);
  else if (!strcmp(what, "arguments")) for (int n = 1; n < argc; n++) printf("%s\n", argv[n]);
  else if (!strcmp(what, "memory")) use_memory((size_t)atoi(first));
  else if (!strcmp(what, "processes")) make_processes(atoi(first));
  else if (!strcmp(what, "files")) open_files();
  else if (!strcmp(what, "spin")) spin(atoi(first));
  else if (!strcmp(what, "leave")) leave_behind();
  else if (!strcmp(what, "sleep")) pause();
  else if (!strcmp(what, "exit")) {
    fprintf(stderr, "about to exit\n");
    return atoi(first);
  } else if (!strcmp(what, "crash")) {
    fprintf(stderr, "about to crash\n");
    raise(SIGSEGV);
  } else if (!strcmp(what, "flood")) {
    for (int n = 0; n < 200000; n++) fprintf(stderr, "line %d of what nobody asked for\n", n);
    printf("ok\n");
  } else printf("what?\n");
  return 0;
}
