/**
 * What the files of the guest runtime share. The ABI itself is described in docs/guest-abi.md; user code never sees this header.
 *
 * The linker takes only what a function uses: a function that never fetches does not import weft.fetch, and so needs no grant
 * for it. So no feature may lean on another without need.
 */
#ifndef WEFT_GUEST_RUNTIME_H
#define WEFT_GUEST_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_IMPORT(name) __attribute__((import_module("weft"), import_name(name)))
#define WEFT_EXPORT(name) __attribute__((export_name(name)))

/** Not an error: the host call has to wait; ask again with its await_ partner. */
#define WEFT_PENDING (-100)

enum weft_kind { WEFT_KIND_HTTP = 0, WEFT_KIND_CALL = 1 };

/** The mailbox, 17 words. `const` members are the engine's to write, which the compiler must not know. */
struct weft_mailbox {
  uint32_t version;
  char *in_head;
  uint32_t in_head_length;
  char *in_body;
  uint32_t in_body_length;
  int32_t status;
  const char *out_head;
  uint32_t out_head_length;
  const char *out_body;
  uint32_t out_body_length;
  int32_t call_status;
  char *inbox;
  uint32_t inbox_capacity;
  uint32_t head_sent;
  int32_t argument;
  uint32_t unused;
  uint32_t out_of_memory;
};

extern struct weft_mailbox weft_mailbox;

/** Room behind the mailbox in one input area: head and body of most requests, and all input of most calls. */
#define WEFT_INBOX_BYTES 2048

/**
 * Number of the request. What a file keeps for a request carries the number it was made in, and is stale when that is not
 * this one: beginning a request then costs the same however much of the runtime is linked.
 */
extern uint32_t weft_turn;
extern int32_t weft_kind;

/**
 * Sends what was written behind the last piece of a streamed answer. A pointer, set by the first piece, so that only functions
 * that stream are linked against sending. For mailboxes with `head_sent`.
 */
extern int (*weft_send_rest)(void);

/** What a contract defines; `enter` calls it. */
int weft_contract_init(void);
int weft_contract_run(void);

/** Memory of the request: `room` bytes at least at the address returned, or NULL. `weft_arena_take` then keeps some of them. */
char *weft_arena_room(size_t room, size_t *available);
void weft_arena_take(size_t length);

/** A buffer that grows, for the answer. */
struct weft_buffer {
  char *data;
  size_t capacity;
};

/** Makes room for `more` bytes behind the first `length`; 0 or WEFT_NO_MEMORY. `data` moves; memory named `fixed` is not freed. */
int weft_buffer_grow(struct weft_buffer *buffer, const char *fixed, size_t length, size_t more);
/** Appends to the buffer that the answer's body is gathered in. */
int weft_body_append(const void *data, size_t length);

/** Header block text: `name ":" OWS value CRLF`… Finds a value, ends it with a NUL in place; NULL when there is none. */
const char *weft_head_find(char *head, size_t length, const char *name);
/** Splits the line at `*at` in place and moves on; 0 at the end. */
int weft_head_next(char *head, size_t length, size_t *at, const char **name, const char **value);

#ifdef __cplusplus
}
#endif

#endif
