/**
 * Any program with `main`, compiled as it is: each request is one run of it. Standard input, output and environment are WASI's,
 * so they are the host's; here is what the C start-up and exit code do around `main` in a process of its own.
 */
#include <stdlib.h>
#include <wasi/api.h>
#include <wasi/libc-environ.h>

#include "runtime.h"

/** The names clang gives to `int main(void)` and `int main(int, char **)`. */
int __main_void(void);
int __main_argc_argv(int count, char **arguments);

/** libc: runs what atexit and global destructors left, and flushes the streams. */
void __wasm_call_dtors(void);

/** A process that cannot even be given its arguments ends with this (sysexits.h: EX_OSERR). */
#define NO_ARGUMENTS 71

/** All that a process can tell whoever waits for it. */
#define EXIT_CODE_BITS 0xff

/**
 * For a program whose `main` takes arguments. libc has the like, but lets a program without any `main` link, and trap;
 * here the linker says what is missing.
 */
__attribute__((weak)) int __main_void(void) {
  size_t count;
  size_t bytes;
  if (__wasi_args_sizes_get(&count, &bytes) != 0) return NO_ARGUMENTS;
  char **arguments = calloc(count + 1, sizeof *arguments);
  char *text = malloc(bytes);
  if (arguments == NULL || text == NULL) return NO_ARGUMENTS;
  if (__wasi_args_get((uint8_t **)arguments, (uint8_t *)text) != 0) return NO_ARGUMENTS;
  return __main_argc_argv((int)count, arguments);
}

int weft_contract_init(void) { return 0; }

int weft_contract_run(void) {
  /* A program that names `environ` had it filled by a constructor, thus before the snapshot: the request's variables are newer. */
  __wasilibc_deinitialize_environ();
  __wasilibc_maybe_reinitialize_environ_eagerly();
  const int code = __main_void() & EXIT_CODE_BITS;
  __wasm_call_dtors();
  weft_mailbox.argument = code;
  return code != 0;
}
