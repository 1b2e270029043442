/** Modules as a linker might write them, honest ones and such that lie about themselves. */
import binaryen from 'binaryen';

const MAILBOX = 1024;

interface Parts {
  readonly memory?: string;
  readonly imports?: string;
  readonly mailbox?: string;
  readonly reserve?: string;
  readonly enter?: string;
  readonly more?: string;
}

/** Answers with its input; parts can be replaced. */
function text(parts: Parts = {}): string {
  return `(module
    ${parts.imports ?? ''}
    ${parts.memory ?? '(memory $memory 2)'}
    ${parts.mailbox ?? `(global $mailbox i32 (i32.const ${MAILBOX})) (export "weft_mailbox" (global $mailbox))`}
    (global $kept (mut i32) (i32.const 7))
    (data (i32.const ${MAILBOX}) "\\01\\00\\00\\00")
    (data (i32.const ${MAILBOX + 44}) "\\00\\08\\00\\00\\00\\04\\00\\00")
    ${parts.reserve ?? '(func (export "weft_reserve") (param i32) (result i32) (i32.const 16384))'}
    ${
      parts.enter ??
      `(func (export "weft_enter") (param i32) (result i32) (local $i i32)
        (global.set $kept (i32.add (global.get $kept) (i32.const 1)))
        (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 100))))
        (i32.store (i32.const ${MAILBOX + 20}) (i32.const 200))
        (i32.store (i32.const ${MAILBOX + 32}) (i32.load (i32.const ${MAILBOX + 12})))
        (i32.store (i32.const ${MAILBOX + 36}) (i32.load (i32.const ${MAILBOX + 16})))
        (i32.const 0))`
    }
    ${parts.more ?? ''})`;
}

const WEFT = (name: string, type: string): string => `(import "weft" "${name}" (func $${name} ${type}))`;

const TEXTS: Readonly<Record<string, string>> = {
  echo: text(),
  'echo with its memory imported': text({ memory: '(import "env" "memory" (memory $memory 2))' }),
  'a table and calls through it': text({
    more: `(type $t (func (result i32))) (table 4 4 funcref) (elem (i32.const 1) $f $g)
      (func $f (result i32) (i32.const 1)) (func $g (result i32) (call_indirect (type $t) (i32.const 1)))
      (func (export "weft_init") (result i32) (i32.sub (call_indirect (type $t) (i32.const 2)) (i32.const 1)))`,
  }),
  'globals of all kinds': text({
    more: `(global (mut i64) (i64.const 1)) (global (mut f32) (f32.const 1)) (global (mut f64) (f64.const nan))
      (global (mut funcref) (ref.null func)) (global (mut externref) (ref.null extern))`,
  }),
  'a start function': text({ more: '(func $s (global.set $kept (i32.const 9))) (start $s)' }),
  'a start function that traps': text({ more: '(func $s unreachable) (start $s)' }),
  'a start function that spins': text({ more: '(func $s (loop $l (br $l))) (start $s)' }),
  'initialisers that trap': text({ more: '(func (export "_initialize") unreachable)' }),
  'an initialiser of another type': text({ more: '(func (export "_initialize") (param i32))' }),
  'an init hook of another type': text({ more: '(func (export "weft_init") (param f64))' }),
  'an init hook that fails': text({ more: '(func (export "weft_init") (result i32) (i32.const 3))' }),
  'passive data': text({
    more: '(data $p "abc") (func (export "weft_init") (result i32) (memory.init $p (i32.const 4000) (i32.const 0) (i32.const 3)) (data.drop $p) (i32.const 0))',
  }),
  'data outside its memory': text({ more: '(data (i32.const 131070) "abcdef")' }),
  'elements outside its table': text({ more: '(table 1 funcref) (func $f) (elem (i32.const 5) $f)' }),
  'a memory larger than its limit': text({ memory: '(memory $memory 1000)' }),
  'a memory with a small maximum': text({ memory: '(memory $memory 2 3)' }),
  'a mailbox outside its memory': text({
    mailbox: '(global $mailbox i32 (i32.const 0x7ffffff0)) (export "weft_mailbox" (global $mailbox))',
  }),
  'a mailbox at the end of its memory': text({
    mailbox: '(global $mailbox i32 (i32.const 131040)) (export "weft_mailbox" (global $mailbox))',
  }),
  'a mailbox at an odd place': text({ mailbox: '(global $mailbox i32 (i32.const 1025)) (export "weft_mailbox" (global $mailbox))' }),
  'a negative mailbox': text({ mailbox: '(global $mailbox i32 (i32.const -64)) (export "weft_mailbox" (global $mailbox))' }),
  'a mailbox of another type': text({ mailbox: '(global $mailbox i64 (i64.const 1024)) (export "weft_mailbox" (global $mailbox))' }),
  'a mailbox that moves': text({ mailbox: '(global $mailbox (mut i32) (i32.const 1024)) (export "weft_mailbox" (global $mailbox))' }),
  'a mailbox that is a function': text({ mailbox: '(func (export "weft_mailbox"))' }),
  'no mailbox': text({ mailbox: '' }),
  'an entry that is a global': text({ enter: '(global $e i32 (i32.const 1)) (export "weft_enter" (global $e))' }),
  'an entry of another type': text({ enter: '(func (export "weft_enter") (param f64 i64) (result f32) (f32.const 1))' }),
  'an entry that throws': text({ enter: '(tag $t) (func (export "weft_enter") (param i32) (result i32) (throw $t))' }),
  'an entry that never ends': text({ enter: '(func (export "weft_enter") (param i32) (result i32) (loop $l (br $l)) (unreachable))' }),
  'an entry that gives the number of one that runs': text({
    enter: '(func (export "weft_enter") (param i32) (result i32) (i32.const 0x7fffffff))',
  }),
  'room outside its memory': text({ reserve: '(func (export "weft_reserve") (param i32) (result i32) (i32.const -1))' }),
  'room of another type': text({ reserve: '(func (export "weft_reserve") (param i64))' }),
  'room that is a table': text({ reserve: '(table (export "weft_reserve") 1 funcref)' }),
  'host calls of other types': text({
    imports: WEFT('clock', '(param f32 f32) (result i64)'),
    enter: '(func (export "weft_enter") (param i32) (result i32) (drop (call $clock (f32.const 1) (f32.const 2))) (i32.const 0))',
  }),
  'host calls that wait, of other types': text({
    imports: `${WEFT('sleep', '(param i64) (result f64)')} ${WEFT('call', '(param i32)')}`,
    enter:
      '(func (export "weft_enter") (param i32) (result i32) (call $call (i32.const 0)) (drop (call $sleep (i64.const 1))) (i32.const 0))',
  }),
  'a host call that is a global': text({ imports: '(import "weft" "clock" (global i32))' }),
  'the interrupt word': text({ imports: '(import "weft" "control" (memory $control 1 1 shared))' }),
  'a host call that does not exist': text({ imports: WEFT('launch', '') }),
  'every WASI call': text({
    imports: '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))',
    more: '(func (export "weft_init") (result i32) (call $exit (i32.const 0)) unreachable)',
  }),
  'a program': `(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00") (data (i32.const 16) "hi")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))`,
  'a program of another type': '(module (memory 1) (func (export "_start") (param i32) (result i64) (i64.const 1)))',
  nothing: '(module)',
};

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function seeds(): Seed[] {
  return Object.entries(TEXTS).map(([name, wat]) => {
    const module = binaryen.parseText(wat);
    try {
      module.setFeatures(binaryen.Features.All & ~binaryen.Features.Memory64);
      return { name, bytes: new Uint8Array(module.emitBinary()) };
    } finally {
      module.dispose();
    }
  });
}
