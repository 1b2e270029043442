/**
 * Makes a linked module hostable: its memory and the interrupt word come from the engine, loops and recursive calls can
 * be interrupted, and all its state can be kept in a snapshot. docs/guest-abi.md has the result.
 */
import { WeftError } from '../../model/errors.ts';
import { readBody, Unsupported } from './body.ts';
import { emit } from './emit.ts';
import { entriesToCheck } from './entry-checks.ts';
import { ensureHostable } from './hostable.ts';
import { optimize } from './optimize.ts';
import { Outline } from './outline.ts';
import { baseOf } from './placement.ts';
import { Malformed } from './reader.ts';
import { planStackChecks } from './stack-checks.ts';
import { findStackPointer } from './stack-need.ts';

export interface InstrumentOptions {
  /** Run binaryen's optimiser first. */
  readonly optimize: boolean;
  /** Without interrupt checks only measurements make sense. */
  readonly checks?: boolean;
  /** What built the module; kept in its `weft.abi` section. */
  readonly toolchain?: string;
  /** Move its addresses so that it can reach no more memory than it was linked with; it exports the end of that as `__data_end`. */
  readonly compact?: boolean;
  readonly stack?: SmallStack | undefined;
}

/** The C stack of a module that is linked with less of it than it may need. */
export interface SmallStack {
  readonly linkedBytes: number;
  readonly mayNeedBytes: number;
}

/** @throws WeftError WEFT_MODULE_INVALID, WEFT_MODULE_UNSUPPORTED */
export async function instrument(bytes: Uint8Array, options: InstrumentOptions): Promise<Uint8Array<ArrayBuffer>> {
  // A valid module can name no memory, function or type but its own, so that nothing that is added can be touched.
  if (!WebAssembly.validate(bytes)) throw new WeftError('WEFT_MODULE_INVALID', { reason: await whyInvalid(bytes) });
  try {
    ensureHostable(new Outline(bytes));
    return rewrite(options.optimize ? await optimize(bytes) : bytes, options);
  } catch (cause) {
    if (!(cause instanceof Malformed || cause instanceof Unsupported)) throw cause;
    throw new WeftError('WEFT_MODULE_UNSUPPORTED', { reason: cause.message }, { cause });
  }
}

function rewrite(bytes: Uint8Array, { checks = true, toolchain = '', compact = false, stack }: InstrumentOptions): Uint8Array<ArrayBuffer> {
  const outline = new Outline(bytes);
  // Nothing, when after all it has no stack pointer: then it needs no stack.
  const stackPointer = stack && findStackPointer(outline, stack.linkedBytes);
  const bodies = outline.bodies.map((span) => readBody(bytes, span, { accesses: compact, stackPointer }));
  const base = compact ? baseOf(outline, bodies) : 0;
  const recursive = entriesToCheck(outline, bodies);
  return emit({
    outline,
    bodies,
    entries: checks ? recursive : undefined,
    toolchain,
    base,
    stack:
      stack && stackPointer !== undefined
        ? { bytes: stack.mayNeedBytes, checks: planStackChecks(outline, bodies, stackPointer, recursive) }
        : undefined,
  });
}

async function whyInvalid(bytes: Uint8Array): Promise<string> {
  try {
    await WebAssembly.compile(bytes);
    return 'the engine refuses it';
  } catch (cause) {
    return cause instanceof Error ? cause.message.replace(/^WebAssembly\.compile\(\): /, '') : String(cause);
  }
}
