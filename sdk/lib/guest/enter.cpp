/**
 * Entries of a function with C++ in it, linked in place of enter.c. An exception that nobody caught ends here, as a failure
 * with a line in the log: it crosses no context.
 */
#include <weft/v1.h>

#include <cstdlib>
#include <exception>

#include "begin.h"

namespace {

constexpr int32_t uncaught = 1;
/** Exit code of a process that aborts, as shells give it: what an uncaught exception is to a program with `main`. */
constexpr int32_t aborted = 134;

void report(const char *what) {
  static constexpr char prefix[] = "uncaught C++ exception: ";
  char line[512];
  size_t length = 0;
  for (const char *c = prefix; *c != '\0'; c++) line[length++] = *c;
  for (const char *c = what; *c != '\0' && length < sizeof line; c++) line[length++] = *c;
  weft_log_bytes(WEFT_ERROR, line, length);
}

int32_t guarded(int (*run)()) {
  try {
    return run();
  } catch (const std::exception &error) {
    report(error.what());
  } catch (...) {
    report("of a type that is not a std::exception");
  }
  weft_mailbox.argument = aborted;
  return uncaught;
}

}  // namespace

/** libc's: the record of the one thread. */
extern "C" void __wasi_init_tp();
/** The linker's: runs all constructors of global objects. */
extern "C" void __wasm_call_ctors();

/** Instead of libc's start-up code (`-nostartfiles`), which would let their exceptions out without a word. */
extern "C" WEFT_EXPORT("_initialize") void _initialize() {
  __wasi_init_tp();
  const int32_t failed = guarded([] {
    __wasm_call_ctors();
    return 0;
  });
  if (failed != 0) std::abort();
}

extern "C" WEFT_EXPORT("weft_enter") int32_t weft_enter(int32_t kind) {
  weft_begin(kind);
  return guarded(weft_contract_run);
}

extern "C" WEFT_EXPORT("weft_init") int32_t weft_init() {
  weft_begin(WEFT_KIND_CALL);
  return guarded(weft_contract_init);
}
