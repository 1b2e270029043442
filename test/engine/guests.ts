/** Hand-written guests: modules in the shape of docs/guest-abi.md, so that the engine is tested without compiler or SDK. */
import binaryen from 'binaryen';

/** Mailbox of all these guests, and size of their input area. */
const MAILBOX = 1024;
const INBOX_BYTES = 1024;

export interface GuestText {
  /** Imports of module `weft`, as WAT. */
  readonly imports?: string;
  /** Globals and more functions. */
  readonly extra?: string;
  /** Body of `weft_enter (param $kind i32) (result i32)`. */
  readonly enter: string;
  readonly init?: string;
  /** Body of `weft_reserve (param $length i32) (result i32)`. */
  readonly reserve?: string;
  readonly pages?: number;
  /** Types of its `weft_global_…`, as it says. */
  readonly globals?: readonly string[];
}

/** `$in`, `$length`: where the input lies. `$answer pointer length`: sets the answer. `$check`: an interrupt check. */
export function guest({
  imports = '',
  extra = '',
  enter,
  init,
  reserve = '(i32.const 16384)',
  pages = 2,
  globals = ['i32'],
}: GuestText): Uint8Array {
  const text = `(module
    (import "env" "memory" (memory $memory ${pages}))
    (import "weft" "control" (memory $control 1 1 shared))
    (import "weft" "interrupt" (func $interrupt (result i32)))
    ${imports}
    (global $stack (mut i32) (i32.const 65536))
    (global $mailbox i32 (i32.const ${MAILBOX}))
    (export "weft_global_0" (global $stack))
    (export "weft_mailbox" (global $mailbox))
    (data (memory $memory) (i32.const ${MAILBOX}) "\\01\\00\\00\\00")
    (data (memory $memory) (i32.const ${MAILBOX + 44}) "\\00\\08\\00\\00\\00\\04\\00\\00")
    (func $check (if (i32.load $control (i32.const 0)) (then (if (call $interrupt) (then (unreachable))))))
    (func $in (result i32) (i32.load $memory (i32.const ${MAILBOX + 12})))
    (func $length (result i32) (i32.load $memory (i32.const ${MAILBOX + 16})))
    (func $answer (param i32 i32)
      (i32.store $memory (i32.const ${MAILBOX + 20}) (i32.const 200))
      (i32.store $memory (i32.const ${MAILBOX + 28}) (i32.const 0))
      (i32.store $memory (i32.const ${MAILBOX + 32}) (local.get 0))
      (i32.store $memory (i32.const ${MAILBOX + 36}) (local.get 1)))
    (func (export "weft_reserve") (param $length i32) (result i32) ${reserve})
    ${init ? `(func (export "weft_init") (result i32) ${init})` : ''}
    ${extra}
    (func (export "weft_enter") (param $kind i32) (result i32) (local $i i32) (local $n i32) ${enter}))`;
  const module = binaryen.parseText(text);
  const { MultiMemory, BulkMemory, MutableGlobals, Atomics, ExceptionHandling, ReferenceTypes } = binaryen.Features;
  module.setFeatures(MultiMemory | BulkMemory | MutableGlobals | Atomics | ExceptionHandling | ReferenceTypes);
  const bytes = module.emitBinary();
  module.dispose();
  return withAbi(bytes, pages, globals);
}

function withAbi(bytes: Uint8Array, pages: number, globals: readonly string[]): Uint8Array {
  const content = new TextEncoder().encode(JSON.stringify({ abi: 1, pages, checks: true, toolchain: 'test', globals }));
  const name = new TextEncoder().encode('weft.abi');
  const section = [name.length, ...name, ...content];
  return new Uint8Array([...bytes, 0, section.length, ...section]);
}

export const INBOX_CAPACITY = INBOX_BYTES;
