/** What weft-host holds of what the platform sends, for programs and for libraries: moved little, whatever the sizes of its pieces. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { SDK } from '../../src/toolchain/link-description.ts';
import { compileC } from './host.ts';

const HOST = join(SDK, 'host');

/** The file under test with what it moves counted; descriptor 3 is a pipe from us to ourselves. */
const around = (file: string, main: string): string => `#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static size_t moved, sent;
static void *counted(void *to, const void *from, size_t bytes) { moved += bytes; return memmove(to, from, bytes); }
#define memmove counted
#include "${join(HOST, file)}"
static int feed_end;
static void pipe_to_3(void) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0) _exit(1);
  feed_end = fcntl(ends[1], F_DUPFD, 10);
  dup2(ends[0], 3);
  dup2(1, 4);
}
${main}`;

const run = (name: string, code: string): number[] =>
  execFileSync(compileC(name, code, '-D_GNU_SOURCE', `-I${HOST}`, join(HOST, 'fail.c')), { encoding: 'utf8' })
    .split(' ')
    .map(Number);

test('a channel that is full all the while moves no more than it reads, and gives every byte in its place', () => {
  const code = around(
    'channel.c',
    `static struct channel channel;
static unsigned char byte_at(size_t at) { return (unsigned char)(at * 31 + (at >> 8)); }
static void top_up(void) {
  unsigned char piece[4096];
  for (;;) {
    for (size_t at = 0; at < sizeof piece; at++) piece[at] = byte_at(sent + at);
    const ssize_t got = write(feed_end, piece, sizeof piece);
    if (got <= 0) return;
    sent += (size_t)got;
  }
}
int main(void) {
  pipe_to_3();
  channel_open(&channel);
  size_t taken = 0, wrong = 0, most = 0;
  for (int step = 0; step < 60000; step++) {
    while (channel_has_room(&channel)) {
      top_up();
      channel_read(&channel);
    }
    if (channel_waiting(&channel) > most) most = channel_waiting(&channel);
    for (size_t at = 0; at < 20; at++) wrong += channel_next(&channel)[at] != byte_at(taken + at);
    channel_take(&channel, 20);
    taken += 20;
  }
  for (size_t at = 0; at < channel_waiting(&channel); at++) wrong += channel_next(&channel)[at] != byte_at(taken + at);
  printf("%zu %zu %zu %zu", wrong, most, moved, taken + channel_waiting(&channel));
}`,
  );
  const [wrong, most, moved = 0, read = 0] = run('channel', code);
  assert.deepEqual([wrong, most], [0, 512 * 1024]);
  assert.ok(moved <= read, `${moved} bytes moved, ${read} read`);
});

test('messages that came together are not moved for each of them', () => {
  const code = around(
    'messages.c',
    `#include <stdlib.h>
int main(void) {
  pipe_to_3();
  unsigned char frame[HEADER_BYTES + 13];
  memset(frame, 0, sizeof frame);
  put_header(frame, 13, FRAME_CALL);
  size_t wrong = 0, left = 0;
  for (int step = 0; step < 10000; step++) {
    while (left < 3000 && write(feed_end, frame, sizeof frame) == (ssize_t)sizeof frame) left++, sent += sizeof frame;
    struct message *message = message_receive();
    wrong += message->length != 13 || message->type != FRAME_CALL;
    free(message);
    left--;
  }
  printf("%zu %zu %zu", wrong, moved, sent);
}`,
  );
  const [wrong, moved = 0, read = 0] = run('messages', code);
  assert.equal(wrong, 0);
  assert.ok(moved <= read, `${moved} bytes moved, ${read} read`);
});
