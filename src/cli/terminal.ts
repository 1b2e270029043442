/**
 * Where a command speaks: what it was asked for goes to standard output, all talk to standard error. With `--json` each line of
 * both is one JSON object: data as it is, talk as `{"note": …}`, errors as `{"error": …}`.
 */
import { styleText, type InspectColor } from 'node:util';

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export class Terminal {
  readonly json: boolean;
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  /** The line at the bottom of a terminal that the next one replaces. */
  #status = '';
  #passesOn = false;

  constructor({ stdout, stderr }: Streams, options: { readonly json: boolean }) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.json = options.json;
  }

  get stdout(): NodeJS.WriteStream {
    return this.#stdout;
  }

  /** The command is there to hand on what somebody else writes, maybe without end: without a reader it is for nothing. */
  get passesOn(): boolean {
    return this.#passesOn;
  }

  /** One result: as a line of JSON, or as text for people. */
  data(value: unknown, text: string): void {
    this.#stdout.write(this.json ? `${JSON.stringify(value)}\n` : `${text}\n`);
  }

  /** What somebody else wrote, byte for byte. @returns false: wait for 'drain' of `stdout` before the next */
  raw(bytes: string | Uint8Array): boolean {
    this.#passesOn = true;
    return this.#stdout.write(bytes);
  }

  say(text: string): void {
    this.#write(this.json ? JSON.stringify({ note: text }) : text);
  }

  /** A line about something that went wrong; `value` is its form for programs. */
  complain(value: unknown, text: string): void {
    this.#write(this.json ? JSON.stringify(value) : text);
  }

  /** A line that is replaced by the next one, on a terminal; nothing elsewhere. "" takes it away. */
  status(text: string): void {
    if (this.json || !this.#stderr.isTTY) return;
    this.#clearStatus();
    this.#status = cut(text, (this.#stderr.columns || 80) - 1);
    this.#stderr.write(this.#status);
  }

  /** For talk; plain unless people watch in colour. */
  paint(format: InspectColor, text: string): string {
    return this.json ? text : styleText(format, text, { stream: this.#stderr });
  }

  #write(line: string): void {
    const status = this.#status;
    this.#clearStatus();
    this.#stderr.write(`${line}\n`);
    if (status !== '') this.status(status);
  }

  #clearStatus(): void {
    if (this.#status !== '') this.#stderr.write('\r\u001B[2K');
    this.#status = '';
  }
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
