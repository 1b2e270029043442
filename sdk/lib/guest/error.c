#include <weft/v1.h>

const char *weft_error_text(int error) {
  switch (error) {
    case WEFT_OK: return "ok";
    case WEFT_NO_MEMORY: return "out of memory";
    case WEFT_NOT_FOUND: return "not found";
    case WEFT_FAILED: return "the function called failed";
    case WEFT_TRAPPED: return "the function called trapped";
    case WEFT_DEADLINE: return "deadline passed";
    case WEFT_DEPTH: return "calls nest too deep";
    case WEFT_BUSY: return "the function called is busy";
    case WEFT_TOO_LARGE: return "too large";
    case WEFT_DENIED: return "origin not granted";
    case WEFT_IO: return "connection failed";
    case WEFT_CLOSED: return "the client is gone";
    case WEFT_INVALID: return "illegal argument";
    default: return "unknown error";
  }
}
