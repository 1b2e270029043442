/**
 * Memory that lives as long as the request. Small results of calls land here straight from the callee's context; the first
 * block is static, so that most requests never reach malloc.
 */
#include "runtime.h"

#include <stdlib.h>
#include <weft/v1.h>

#define ALIGNMENT 16
#define ARENA_BYTES 1024
#define BLOCK_BYTES 2048

struct block {
  struct block *next;
  char data[] __attribute__((aligned(ALIGNMENT)));
};

static char arena[ARENA_BYTES] __attribute__((aligned(ALIGNMENT)));
static char *free_from = arena;
static char *free_to = arena + ARENA_BYTES;
static struct block *blocks;
static uint32_t turn;

static void start_anew(void) {
  while (blocks != NULL) {
    struct block *next = blocks->next;
    free(blocks);
    blocks = next;
  }
  free_from = arena;
  free_to = arena + ARENA_BYTES;
  turn = weft_turn;
}

static char *grow(size_t room) {
  const size_t size = room > BLOCK_BYTES ? room : BLOCK_BYTES;
  struct block *block = size > SIZE_MAX - sizeof *block ? NULL : malloc(sizeof *block + size);
  if (block == NULL) return NULL;
  block->next = blocks;
  blocks = block;
  free_from = block->data;
  free_to = block->data + size;
  return free_from;
}

char *weft_arena_room(size_t room, size_t *available) {
  if (turn != weft_turn) start_anew();
  if (room > (size_t)(free_to - free_from) && grow(room) == NULL) return NULL;
  *available = (size_t)(free_to - free_from);
  return free_from;
}

void weft_arena_take(size_t length) {
  const size_t left = (size_t)(free_to - free_from);
  const size_t taken = (length + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
  free_from += taken > left ? left : taken;
}

void *weft_alloc(size_t size) {
  size_t available;
  char *room = weft_arena_room(size, &available);
  if (room != NULL) weft_arena_take(size);
  return room;
}
