/**
 * Weft's C interface, version 1. C11; needs nothing but <stddef.h> and <stdint.h>.
 *
 * A function defines weft_handle, and may define weft_on_init. Everything else here is there to be called, during those two.
 *
 * Results: functions that return int give WEFT_OK (0) or a number at least 0, or one of the negative errors below.
 *
 * Lifetimes: each pointer says how long it stays valid. "The request" is the call of weft_handle (or weft_on_init) that is
 * running. After it, the function's memory returns to what weft_on_init left (unless the manifest says rollback: never), so
 * nothing that a request allocates needs to be freed, and nothing it wrote is seen by the next. Where one client's request calls a function
 * several times, that may come only at the end of it all; with rollback: call it comes before each.
 *
 * One request runs in a memory at a time: no locks are needed, also not in functions that keep state.
 */
#ifndef WEFT_V1_H
#define WEFT_V1_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define WEFT_PRINTF_(text_at, values_at) __attribute__((format(printf, text_at, values_at)))
#else
#define WEFT_PRINTF_(text_at, values_at)
#endif

enum weft_error {
  WEFT_OK = 0,
  /** No room in the memory of the caller or the callee. */
  WEFT_NO_MEMORY = -1,
  /** No such function, variable, secret or started call. */
  WEFT_NOT_FOUND = -2,
  /** The function called said that it failed. */
  WEFT_FAILED = -3,
  /** The function called trapped (a memory error, abort, or exit). */
  WEFT_TRAPPED = -4,
  /** The deadline of the function called passed. */
  WEFT_DEADLINE = -5,
  /** Calls nest too deep. */
  WEFT_DEPTH = -6,
  /** The function called serves as many requests as it may. */
  WEFT_BUSY = -7,
  /** Request or response over the limit. */
  WEFT_TOO_LARGE = -8,
  /** The manifest does not grant this origin. */
  WEFT_DENIED = -9,
  /** The outbound connection failed. */
  WEFT_IO = -10,
  /** The client hung up. */
  WEFT_CLOSED = -11,
  /** An argument is not legal here: a header name with a line break, a status of 42, a header after the first send. */
  WEFT_INVALID = -12
};

/** What an error means, in a few words. Valid for ever. */
const char *weft_error_text(int error);

/* ---- What a function defines ---------------------------------------------------------------------------------------- */

typedef struct weft_request weft_request;
typedef struct weft_response weft_response;

/**
 * Handles one request. Both handles are valid until it returns. 0: the answer is what was put into `response`. Anything
 * else: the function failed; the client gets a 500, a caller WEFT_FAILED, and what was put into `response` is dropped.
 */
int weft_handle(weft_request *request, weft_response *response);

/**
 * Optional. Runs once, at deploy; every request starts from the memory it leaves. Anything but 0 refuses the deploy. It can
 * find other functions, but not call them: they may not be ready.
 */
int weft_on_init(void);

/* ---- Request -------------------------------------------------------------------------------------------------------- */

/* All text below ends in NUL and is valid until the request ends. A call from another function has method "POST", path "/",
 * no query and no headers. */

const char *weft_request_method(weft_request *request);

/** Path below the function's name, as sent (percent-encoded): "/" or "/sub/path". */
const char *weft_request_path(weft_request *request);

/** What follows the "?", as sent; "" when there is nothing. */
const char *weft_request_query(weft_request *request);

/** First value of a parameter of the query, decoded ("%20" and "+" are blanks); NULL when there is none. */
const char *weft_request_parameter(weft_request *request, const char *name);

/** Value of a header, upper and lower case being the same in its name; NULL when it was not sent. The first, if there are several. */
const char *weft_request_header(weft_request *request, const char *name);

/** Where an iteration stands. Starts as {0}; its member is no concern of yours. */
typedef struct weft_header_cursor {
  size_t at_;
} weft_header_cursor;

/** Puts the next header into `name` and `value`: 1; or 0 when there is none left. Name as sent. */
int weft_request_next_header(weft_request *request, weft_header_cursor *cursor, const char **name, const char **value);

/** The body, not NUL-terminated; `length` gets its length. Valid, and yours to change, until the request ends. Never NULL. */
void *weft_request_body(weft_request *request, size_t *length);

/* ---- Response ------------------------------------------------------------------------------------------------------- */

/** Sets the status, 200 to 599; 200 when it is never called. */
int weft_response_status(weft_response *response, int status);

/** Adds a header; both texts are copied. A name can be added more than once. Content-Length is set for you. */
int weft_response_header(weft_response *response, const char *name, const char *value);

/** Appends to the body; the bytes are copied. */
int weft_response_write(weft_response *response, const void *data, size_t length);

/**
 * Makes these bytes the whole body, without copying them: they must stay as they are until weft_handle's caller has them,
 * so they must be static, allocated, or part of the request's body; not a local variable. Replaces what was written before.
 */
int weft_response_body(weft_response *response, const void *data, size_t length);

/**
 * Streams: sends the head at the first call, then what was written so far and these bytes, and waits while the client is slow. The bytes
 * may be reused when it returns. Afterwards the status and the headers cannot be changed. WEFT_CLOSED: nobody reads any more.
 * In a call from another function the pieces are gathered into one result.
 */
int weft_response_send(weft_response *response, const void *data, size_t length);

/* ---- Calls to functions of the same app ----------------------------------------------------------------------------- */

typedef struct weft_result {
  /** HTTP status the function called has set. */
  int status;
  /** Its answer; valid until the request ends. Not NUL-terminated. NULL after an error. */
  const void *data;
  size_t length;
} weft_result;

/** Calls a function by name and waits for its answer. On an error, `result` is empty. */
int weft_call(const char *function, const void *input, size_t length, weft_result *result);

/**
 * Starts a call and goes on: a number for weft_wait, or an error. The input is copied. Calls that nobody waited for when the
 * request ends are left to end by themselves.
 */
int weft_start(const char *function, const void *input, size_t length);

/** Waits for a started call, once. */
int weft_wait(int call, weft_result *result);

/** A function of the app, found once and called often: 0 or more; stays valid for as long as this function is deployed. */
typedef int32_t weft_function;

/** The function of that name, or WEFT_NOT_FOUND. */
weft_function weft_find(const char *name);

/**
 * The fastest call: into a buffer of yours. Gives the length of the answer or an error. When that is more than `capacity`,
 * only so much of it was written; `weft_call_rest` fetches what is missing. `function` may be what weft_find returned, unchecked.
 */
int32_t weft_call_into(weft_function function, const void *input, size_t length, void *output, size_t capacity);

/** Copies bytes [offset, offset + length) of the last answer; before any other call is made. */
int weft_call_rest(void *output, size_t offset, size_t length);

/** HTTP status of the last answer. */
int weft_call_status(void);

/* ---- Log ------------------------------------------------------------------------------------------------------------ */

enum weft_level { WEFT_DEBUG = 0, WEFT_INFO = 1, WEFT_WARN = 2, WEFT_ERROR = 3 };

/** Writes one entry to the function's log. `text` ends in NUL and is copied. */
void weft_log(enum weft_level level, const char *text);

/** The same, of a text that does not end in NUL. */
void weft_log_bytes(enum weft_level level, const char *text, size_t length);

/** The same, as printf does; more than 1023 bytes are cut. */
void weft_logf(enum weft_level level, const char *format, ...) WEFT_PRINTF_(2, 3);

/* ---- Time, random, environment, secrets ----------------------------------------------------------------------------- */

/** Nanoseconds since 1970-01-01T00:00:00Z; steps of about 256. */
int64_t weft_unix_time_ns(void);

/** Nanoseconds since some moment; never goes back. */
int64_t weft_monotonic_time_ns(void);

/** Waits; other requests are served meanwhile. */
int weft_sleep_ms(double milliseconds);

/** Fills with random bytes fit for keys. */
void weft_random(void *data, size_t length);

/**
 * Value of an environment variable or a secret that the manifest grants; NULL when it does not. Ends in NUL. Valid until the
 * request ends, or, when read in weft_on_init, for as long as the function is deployed.
 */
const char *weft_env(const char *name);
const char *weft_secret(const char *name);

/* ---- Outbound HTTP, to the origins that the manifest grants ----------------------------------------------------------- */

typedef struct weft_fetch_request {
  /** NULL: GET, or POST when there is a body. */
  const char *method;
  /** Absolute: "https://example.org/path". */
  const char *url;
  /** Name, value, name, value …, NULL; or NULL when there is none. */
  const char *const *headers;
  const void *body;
  size_t body_length;
} weft_fetch_request;

typedef struct weft_fetch_response {
  int status;
  /** Valid until the request ends; not NUL-terminated. */
  const void *body;
  size_t body_length;
  /** For weft_fetch_header. */
  const char *head_;
  size_t head_length_;
} weft_fetch_response;

/** Sends a request and waits for the whole answer. Redirects are not followed. On an error, `response` is empty. */
int weft_fetch(const weft_fetch_request *request, weft_fetch_response *response);

/** Value of a header of the answer, or NULL. Ends in NUL; valid until the request ends. */
const char *weft_fetch_header(const weft_fetch_response *response, const char *name);

/* ---- Memory --------------------------------------------------------------------------------------------------------- */

/** Memory that is given back by itself when the request ends, aligned for any type; NULL when there is none. Not for free(). */
void *weft_alloc(size_t size);

#ifdef __cplusplus
}
#endif

#endif
