/**
 * The filter of system calls that every function runs under, as a classic BPF program for seccomp(2). Most are allowed: what a
 * function may reach is decided by its namespaces, and the filter takes away what would let it out of them.
 */
import { EXAMINED, REFUSED } from './syscalls.ts';

export type Machine = 'x64' | 'arm64';

/** Offsets in struct seccomp_data; arguments are looked at by their lower halves, which is all that these calls use. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENT = (n: number): number => 16 + 8 * n;

/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64. */
const AUDIT_ARCH: Readonly<Record<Machine, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** Numbers from here on are calls of x32, the same kernel by another door. */
const X32 = 0x4000_0000;

const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const refuse = (errno: number): number => 0x0005_0000 | errno;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NEW = 0x7e02_0000;
const PERSONALITY_LINUX = 0;
const PERSONALITY_ASK = 0xffff_ffff;
/** Both put keys into a terminal, as if somebody had typed them. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** UNIX, INET, INET6, and NETLINK, by which a C library asks for the machine's addresses. Others (VSOCK above all) know no namespaces. */
const FAMILIES = [1, 2, 10, 16];

/** Bytes of a sock_filter array. */
export function seccompFilter(machine: Machine): Uint8Array {
  const at = machine === 'x64' ? 0 : 1;
  const asm = new Assembler();
  asm.load(ARCHITECTURE).unless('equal', AUDIT_ARCH[machine], 'kill').load(NUMBER);
  if (machine === 'x64') asm.when('atLeast', X32, 'kill');
  for (const numbers of Object.values(REFUSED)) if (numbers[at] >= 0) asm.when('equal', numbers[at], 'refuse');
  // Its flags are in memory, where they can change after they were looked at; C libraries then use clone.
  asm.when('equal', EXAMINED.clone3[at], 'unknown');
  for (const name of ['clone', 'personality', 'ioctl', 'socket', 'socketpair'] as const) asm.when('equal', EXAMINED[name][at], name);
  asm.answer(ALLOW);
  asm.label('clone').load(ARGUMENT(0)).when('anyBit', CLONE_NEW, 'refuse').answer(ALLOW);
  asm.label('ioctl').load(ARGUMENT(1)).when('equal', TIOCSTI, 'refuse').when('equal', TIOCLINUX, 'refuse').answer(ALLOW);
  asm.label('socket').label('socketpair').load(ARGUMENT(0));
  for (const family of FAMILIES) asm.when('equal', family, 'allow');
  asm.answer(refuse(EAFNOSUPPORT));
  asm.label('personality').load(ARGUMENT(0));
  for (const harmless of [PERSONALITY_LINUX, PERSONALITY_ASK]) asm.when('equal', harmless, 'allow');
  asm.label('refuse').answer(refuse(EPERM));
  asm.label('allow').answer(ALLOW);
  asm.label('unknown').answer(refuse(ENOSYS));
  asm.label('kill').answer(KILL_PROCESS);
  return asm.bytes();
}

/** BPF_LD|W|ABS, BPF_RET|K, and BPF_JMP|K with each condition. */
const LOAD = 0x20;
const RETURN = 0x06;
const JUMP = { equal: 0x15, atLeast: 0x35, anyBit: 0x45 } as const;
const INSTRUCTION_BYTES = 8;

interface Instruction {
  readonly code: number;
  readonly value: number;
  /** Label to go to; the next instruction when absent. */
  readonly met?: string;
  readonly otherwise?: string;
}

/** Jumps of BPF go forward only, by at most 255 instructions. */
class Assembler {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();

  load(offset: number): this {
    return this.#add({ code: LOAD, value: offset });
  }

  answer(value: number): this {
    return this.#add({ code: RETURN, value });
  }

  when(condition: keyof typeof JUMP, value: number, label: string): this {
    return this.#add({ code: JUMP[condition], value, met: label });
  }

  unless(condition: keyof typeof JUMP, value: number, label: string): this {
    return this.#add({ code: JUMP[condition], value, otherwise: label });
  }

  label(name: string): this {
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  bytes(): Uint8Array {
    const bytes = new DataView(new ArrayBuffer(this.#instructions.length * INSTRUCTION_BYTES));
    for (const [at, { code, value, met, otherwise }] of this.#instructions.entries()) {
      const offset = at * INSTRUCTION_BYTES;
      bytes.setUint16(offset, code, true);
      bytes.setUint8(offset + 2, this.#distance(at, met));
      bytes.setUint8(offset + 3, this.#distance(at, otherwise));
      bytes.setUint32(offset + 4, value, true);
    }
    return new Uint8Array(bytes.buffer);
  }

  #add(instruction: Instruction): this {
    this.#instructions.push(instruction);
    return this;
  }

  #distance(from: number, label: string | undefined): number {
    if (label === undefined) return 0;
    const distance = (this.#labels.get(label) ?? -1) - from - 1;
    if (distance < 0 || distance > 255) throw new RangeError(`${label} cannot be reached from instruction ${from}`);
    return distance;
  }
}
