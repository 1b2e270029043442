/** Ordinary programs over the engine: one request is one run, its answer is what it printed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestEngine, type TestFunction } from '../engine/harness.ts';
import { program } from './build.ts';

let engine: TestEngine;
before(async () => {
  engine = await TestEngine.start();
});
after(() => engine.close());

interface Options extends Omit<TestFunction, 'wasm'> {
  readonly language?: 'c' | 'c++';
}

/** Builds and deploys a program as `prog`. */
async function deploy(source: string, { language = 'c', ...options }: Options = {}): Promise<void> {
  const wasm = await program(source, language);
  const told = await engine.deploy({ prog: { wasm, ...options, spec: { contract: 'stdio', ...options.spec } } });
  assert.equal(told?.type, 'deployed', JSON.stringify(told));
}

async function run(input = ''): Promise<string> {
  const reply = await engine.call('prog', input);
  assert.equal(reply.status, 200, reply.body);
  return reply.body;
}

test('a filter reads its input and prints its answer, as often as asked', async () => {
  await deploy(`
    #include <ctype.h>
    #include <stdio.h>
    int main(void) {
      for (int c; (c = getchar()) != EOF;) putchar(toupper(c));
    }`);
  for (const text of ['hello', '', 'again', 'x'.repeat(100_000)]) assert.equal(await run(text), text.toUpperCase());
});

test('a program has its arguments, its environment and the time', async () => {
  await deploy(
    `
    #include <stdio.h>
    #include <stdlib.h>
    #include <time.h>
    extern char **environ;
    int main(int argc, char **argv) {
      for (int i = 0; i < argc; i++) printf("%s|", argv[i]);
      printf("%s %s\\n", getenv("MODE"), getenv("Http_Method"));
      struct timespec a, b;
      clock_gettime(CLOCK_MONOTONIC, &a);
      clock_gettime(CLOCK_MONOTONIC, &b);
      printf("%d %lld", b.tv_sec > a.tv_sec || b.tv_nsec >= a.tv_nsec, (long long)time(NULL));
    }`,
    { spec: { args: ['-n', '3'], env: { MODE: 'fast' } } },
  );
  const [first, second = ''] = (await run()).split('\n');
  assert.equal(first, 'prog|-n|3|fast POST');
  const [forward, time] = second.split(' ');
  assert.equal(forward, '1');
  assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 60);
});

test('a program finds its packed files, and a scratch folder that is empty each time', async () => {
  await deploy(
    `
    #include <dirent.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdio.h>
    #include <string.h>
    #include <sys/stat.h>
    #include <unistd.h>
    #define CHECK(x) do { if (!(x)) { printf("%s: %s\\n", #x, strerror(errno)); return 0; } } while (0)
    int main(void) {
      char line[64] = "";
      FILE *in = fopen("/data/words.txt", "r");
      CHECK(in);
      CHECK(fseek(in, -6, SEEK_END) == 0 && ftell(in) == 6);
      CHECK(fgets(line, sizeof line, in));
      fclose(in);
      CHECK(!fopen("/data/words.txt", "w") && errno == EROFS);
      CHECK(mkdir("/data/x", 0777) == -1 && errno == EROFS);
      CHECK(access("/tmp/secret", F_OK) == -1 && errno == ENOENT);
      FILE *out = fopen("/tmp/secret", "w+");
      CHECK(out && fprintf(out, "0123456789") == 10);
      CHECK(fseek(out, 4, SEEK_SET) == 0 && fputs("XY", out) >= 0);
      rewind(out);
      CHECK(fgets(line + 6, 32, out));
      CHECK(ftruncate(fileno(out), 3) == 0);
      struct stat info;
      CHECK(fstat(fileno(out), &info) == 0 && info.st_size == 3 && S_ISREG(info.st_mode));
      fclose(out);
      CHECK(mkdir("/tmp/dir", 0777) == 0 && rename("/tmp/secret", "/tmp/dir/moved") == 0);
      CHECK(rmdir("/tmp/dir") == -1 && errno == ENOTEMPTY);
      int fd = open("/tmp/dir/log", O_WRONLY | O_CREAT | O_APPEND, 0666);
      CHECK(fd > 3 && write(fd, "a", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "b", 1) == 1 && close(fd) == 0);
      CHECK(stat("/tmp/dir/log", &info) == 0 && info.st_size == 2);
      CHECK(open("/tmp/dir/log", O_WRONLY | O_CREAT | O_EXCL, 0666) == -1 && errno == EEXIST);
      DIR *dir = opendir("/tmp/dir");
      CHECK(dir);
      printf("%s:", line);
      for (struct dirent *e; (e = readdir(dir));) if (e->d_name[0] != '.') printf(" %s", e->d_name);
      closedir(dir);
      CHECK(remove("/tmp/dir/moved") == 0 && remove("/tmp/dir/log") == 0 && remove("/tmp/dir") == 0);
      CHECK((dir = opendir("/")));
      for (struct dirent *e; (e = readdir(dir));) if (e->d_name[0] != '.') printf(" /%s", e->d_name);
      closedir(dir);
      CHECK((fd = open("/tmp/secret", O_CREAT | O_RDWR, 0666)) > 3);
      CHECK(pwrite(fd, "left behind", 11, 0) == 11 && pread(fd, line, 4, 7) == 4 && !memcmp(line, "hind", 4));
    }`,
    { files: { '/data/words.txt': Buffer.from('hello world!') } },
  );
  for (let i = 0; i < 3; i++) assert.equal(await run(), 'world!0123XY6789: moved log /tmp /data');
});

test('std::filesystem and file streams of C++ work in the scratch folder', async () => {
  await deploy(
    `
    #include <filesystem>
    #include <fstream>
    #include <cstdio>
    #include <set>
    #include <string>
    namespace fs = std::filesystem;
    int main() {
      std::error_code error;
      fs::create_directories("/tmp/a/b/c", error);
      std::ofstream("/tmp/a/b/c/file") << "one two " << 3;
      std::string first, second;
      std::ifstream("/tmp/a/b/c/file") >> first >> second;
      std::set<std::string> paths;
      for (const auto &entry : fs::recursive_directory_iterator("/tmp", error)) paths.insert(entry.path());
      for (const auto &path : paths) std::printf("%s ", path.c_str());
      fs::rename("/tmp/a/b", "/tmp/moved", error);
      std::printf("%s %d %d", second.c_str(), (int)fs::file_size("/tmp/moved/c/file", error), fs::exists("/tmp/a/b", error));
      std::printf(" %d %d", (int)fs::remove_all("/tmp/moved", error), fs::is_empty("/tmp/a", error));
    }`,
    { language: 'c++' },
  );
  for (let i = 0; i < 2; i++) assert.equal(await run(), '/tmp/a /tmp/a/b /tmp/a/b/c /tmp/a/b/c/file two 9 0 3 1');
});

test('a program that sleeps lets others run, and sees the time pass', async () => {
  await deploy(`
    #include <stdio.h>
    #include <poll.h>
    #include <time.h>
    #include <unistd.h>
    static long long now(clockid_t clock) {
      struct timespec t;
      clock_gettime(clock, &t);
      return t.tv_sec * 1000000000LL + t.tv_nsec;
    }
    int main(void) {
      if (getchar() == 'q') return 0;
      long long start = now(CLOCK_MONOTONIC);
      usleep(30000);
      struct timespec until;
      clock_gettime(CLOCK_REALTIME, &until);
      until.tv_nsec += 20000000;
      if (until.tv_nsec >= 1000000000) { until.tv_sec++; until.tv_nsec -= 1000000000; }
      clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
      struct pollfd in = { .fd = 0, .events = POLLIN };
      int ready = poll(&in, 1, 10000);
      printf("%d %d", now(CLOCK_MONOTONIC) - start >= 49000000, ready);
    }`);
  const order: string[] = [];
  const sleepers = Array.from({ length: 50 }, async (_, i) => {
    const answer = await run('s');
    order.push(`sleeper ${i}`);
    return answer;
  });
  await run('q');
  order.push('quick');
  assert.deepEqual(new Set(await Promise.all(sleepers)), new Set(['1 1']));
  assert.equal(order[0], 'quick');
});

test('a non-zero exit is a 500, and what went to stderr is in the log', async () => {
  await deploy(`
    #include <stdio.h>
    #include <stdlib.h>
    int main(void) {
      int c = getchar();
      printf("partial");
      fprintf(stderr, "no %s\\nlast words", "luck");
      if (c == 'e') exit(7);
      if (c == '0') exit(0);
      return 3;
    }`);
  const [exited, returned, fine] = [await engine.call('prog', 'e'), await engine.call('prog', 'r'), await engine.call('prog', '0')];
  assert.deepEqual([exited.status, exited.body], [500, 'exit status 7\npartial']);
  assert.deepEqual([returned.status, returned.body], [500, 'exit status 3\npartial']);
  assert.deepEqual([fine.status, fine.body], [200, 'partial']);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const texts = engine.logs.filter((record) => record.level === 'error').map((record) => record.text);
  assert.deepEqual([texts.filter((t) => t === 'no luck').length, texts.filter((t) => t === 'last words').length], [3, 3]);
});

test('the rest of a line is logged even when the function traps behind it', async () => {
  await deploy(`
    #include <stdio.h>
    int main(void) { fputs("about to trap", stderr); __builtin_trap(); }`);
  assert.equal((await engine.call('prog')).status, 502);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(
    engine.logs.some((record) => record.text === 'about to trap'),
    true,
  );
});

test('a program that floods its output is ended by its limit, and the log stays small', async () => {
  await deploy(
    `
    #include <stdio.h>
    int main(void) {
      for (int i = 0; i < 2000000; i++) if (fprintf(getchar() == 'e' ? stderr : stdout, "line %d\\n", i) < 0) return 1;
    }`,
    { limits: { responseBytes: 100_000 } },
  );
  const before = engine.logs.length;
  const reply = await engine.call('prog');
  assert.equal(reply.status, 500);
  assert.match(reply.body, /WEFT_RESPONSE_TOO_LARGE/);
  assert.equal((await engine.call('prog', 'e'.repeat(50_000))).status, 500);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(engine.logs.length - before < 5000);
});

test('a poll with memory outside the function ends that request only', async () => {
  await deploy(`
    #include <stdio.h>
    #include <wasi/api.h>
    int main(void) {
      __wasi_size_t n;
      if (getchar() == 'x') __wasi_poll_oneoff((__wasi_subscription_t *)0xfffffff0, (__wasi_event_t *)0, 1, &n);
      printf("%d", __wasi_poll_oneoff(0, 0, 0, &n));
    }`);
  assert.equal((await engine.call('prog', 'x')).status, 502);
  assert.equal(await run('y'), '28');
});

test('a program that sleeps past its deadline is answered, and its context serves the next', async () => {
  await deploy(
    `
    #include <stdio.h>
    #include <unistd.h>
    int main(void) { if (getchar() == 's') sleep(1000); printf("awake"); }`,
    { limits: { deadlineMs: 60 } },
  );
  assert.equal((await engine.call('prog', 's')).status, 504);
  assert.equal(await run('x'), 'awake');
});
