/**
 * Any program with `main`, compiled as it is: each request is one run of it. Standard input, output and environment are WASI's,
 * so they are the host's; here is what the C start-up and exit code do around `main` in a process of its own.
 */
#include "runtime.h"

/** clang calls `int main(void)` so; for `int main(int, char **)` libc has one that fetches the arguments first. */
int __main_void(void);
/** libc: runs what atexit and global destructors left, and flushes the streams. */
void __wasm_call_dtors(void);

int weft_contract_init(void) { return 0; }

int weft_contract_run(void) {
  const int code = __main_void();
  __wasm_call_dtors();
  weft_mailbox.argument = code;
  return code != 0;
}
