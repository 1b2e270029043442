/* Makes the system calls that a filter should refuse, and prints for each the error it got. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *name, long result) { printf("%s %d\n", name, result < 0 ? errno : 0); }
#define TRY(name, ...) tell(#name, syscall(SYS_##name, ##__VA_ARGS__))

int main(void) {
  TRY(mount, 0, 0, 0, 0, 0);
  TRY(umount2, "/tmp", 0);
  TRY(pivot_root, "/", "/");
  TRY(chroot, "/");
  TRY(unshare, CLONE_NEWUSER);
  TRY(unshare, CLONE_NEWNS);
  TRY(setns, 0, 0);
  TRY(ptrace, 0, 0, 0, 0);
  TRY(process_vm_readv, getpid(), 0, 0, 0, 0, 0);
  TRY(process_vm_writev, getpid(), 0, 0, 0, 0, 0);
  TRY(bpf, 0, 0, 0);
  TRY(perf_event_open, 0, 0, 0, 0, 0);
  TRY(userfaultfd, 0);
  TRY(io_uring_setup, 1, 0);
  TRY(kexec_load, 0, 0, 0, 0);
  TRY(init_module, 0, 0, 0);
  TRY(finit_module, 0, 0, 0);
  TRY(delete_module, "x", 0);
  TRY(add_key, "user", "x", "x", 1, -1);
  TRY(request_key, "user", "x", 0, 0);
  TRY(keyctl, 0, 0, 0, 0, 0);
  TRY(personality, 0x0040000);
  TRY(reboot, 0, 0, 0, 0);
  TRY(swapon, "x", 0);
  TRY(acct, 0);
  TRY(quotactl, 0, 0, 0, 0);
  TRY(open_by_handle_at, 0, 0, 0);
  TRY(name_to_handle_at, 0, "/", 0, 0, 0);
  TRY(clone, CLONE_NEWUSER | 17, 0, 0, 0, 0);
  tell("TIOCSTI", ioctl(0, TIOCSTI, "x"));
  // What follows is not EPERM, for each for a reason of its own.
  tell("AF_VSOCK", socket(40, SOCK_STREAM, 0));
  tell("AF_PACKET", socket(AF_PACKET, SOCK_RAW, 0));
  TRY(clone3, 0, 0);
  tell("AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0));
  tell("AF_INET", socket(AF_INET, SOCK_STREAM, 0));
  TRY(personality, 0xffffffff);
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  tell("fork", pid);
  waitpid(pid, NULL, 0);
#ifdef __x86_64__
  // The same call by the door of 32-bit programs: whoever asks there is killed.
  fflush(stdout);
  if (fork() == 0) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20));
    _exit(0);
  }
  int status = 0;
  wait(&status);
  printf("i386 %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
#endif
  return 0;
}
