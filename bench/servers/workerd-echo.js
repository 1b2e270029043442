// Hosts a module of Weft's own contract (docs/guest-abi.md) in workerd: one instance, used for request after request.
import module from 'guest.wasm';

const nothing = () => 0;
const system = new Proxy({}, { get: () => nothing });
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = system[name];
const { exports } = new WebAssembly.Instance(module, imports);
exports._initialize?.();
exports.weft_init();

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const mailbox = exports.weft_mailbox.value >> 2;
const [HEAD, HEAD_LENGTH, BODY, BODY_LENGTH, STATUS, OUT_HEAD, OUT_HEAD_LENGTH, OUT_BODY, OUT_BODY_LENGTH, INBOX, CAPACITY] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12,
];

function headOf(request) {
  let head = `${request.method} / HTTP/1.1\r\n`;
  for (const [name, value] of request.headers) head += `${name}: ${value}\r\n`;
  return encoder.encode(head);
}

function headersOf(text) {
  const headers = new Headers();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}

// oxlint-disable-next-line import/no-default-export -- a worker is what its module exports by default
export default {
  async fetch(request) {
    const head = headOf(request);
    const body = new Uint8Array(await request.arrayBuffer());
    let words = new Int32Array(exports.memory.buffer);
    const length = head.length + body.length;
    const at = length <= words[mailbox + CAPACITY] ? words[mailbox + INBOX] : exports.weft_reserve(length);
    const bytes = new Uint8Array(exports.memory.buffer);
    bytes.set(head, at);
    bytes.set(body, at + head.length);
    words = new Int32Array(exports.memory.buffer);
    words[mailbox + HEAD] = at;
    words[mailbox + HEAD_LENGTH] = head.length;
    words[mailbox + BODY] = at + head.length;
    words[mailbox + BODY_LENGTH] = body.length;
    if (exports.weft_enter(0) !== 0) return new Response('failed', { status: 500 });
    words = new Int32Array(exports.memory.buffer);
    const slice = (from, size) => new Uint8Array(exports.memory.buffer, words[mailbox + from], words[mailbox + size]).slice();
    const headers = headersOf(decoder.decode(slice(OUT_HEAD, OUT_HEAD_LENGTH)));
    return new Response(slice(OUT_BODY, OUT_BODY_LENGTH), { status: words[mailbox + STATUS], headers });
  },
};
