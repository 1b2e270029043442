/**
 * The catalogue of every error the platform can answer with. Codes are never reused; docs/errors.md and the
 * CLI's exit codes come from this table.
 */
interface Entry {
  /** user: the caller, author or operator can mend it; system: we or the machine must. */
  readonly kind: 'user' | 'system';
  /** HTTP status where it reaches a client. */
  readonly status: number;
  /** Exit code of the command line. */
  readonly exit: number;
  /** Message; `{name}` is filled from the details. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

const entry = (kind: Entry['kind'], status: number, exit: number, message: string, hint: string): Entry => ({
  kind,
  status,
  exit,
  message,
  hint,
});

export const ERRORS = {
  WEFT_FUNCTION_NOT_FOUND: entry('user', 404, 4, 'No function named "{name}"', 'List the deployed functions with: weft list'),
  WEFT_FUNCTION_FAILED: entry('user', 500, 5, 'Function "{name}" failed: {reason}', 'Read its log with: weft logs {name}'),
  WEFT_FUNCTION_TRAPPED: entry('user', 502, 5, 'Function "{name}" trapped: {reason}', 'A memory error or abort in the function; read its log with: weft logs {name}'),
  WEFT_FUNCTION_CRASHED: entry('user', 502, 5, 'Function "{name}" ended in the middle of a request: {reason}', 'Its next request gets a new instance; read its log with: weft logs {name}'),
  WEFT_CLIENT_GONE: entry('user', 499, 5, 'The client hung up before "{name}" had answered', 'Nobody waits for the answer any more: the work was ended'),
  WEFT_DEADLINE: entry('user', 504, 5, 'Function "{name}" did not answer within {ms} ms', 'Raise limits.deadline in the manifest, or find what it waits for'),
  WEFT_MEMORY: entry('user', 500, 5, 'Function "{name}" reached its memory limit of {bytes} bytes', 'Raise limits.memory in the manifest'),
  WEFT_REQUEST_TOO_LARGE: entry('user', 413, 5, 'The request is larger than {bytes} bytes', 'Raise limits.request in the manifest'),
  WEFT_RESPONSE_TOO_LARGE: entry('user', 500, 5, 'Function "{name}" answered with more than {bytes} bytes', 'Raise limits.response in the manifest'),
  WEFT_CONCURRENCY: entry('user', 429, 5, 'Function "{name}" already serves {limit} requests', 'Raise limits.concurrency in the manifest, or retry later'),
  WEFT_CALL_DEPTH: entry('user', 500, 5, 'Calls nest deeper than {limit}', 'Break the recursion, or raise limits.callDepth in the manifest'),
  WEFT_EXHAUSTED: entry('system', 503, 5, 'No context is left on this machine: {reason}', 'Retry later; raise vm.max_map_count or lower limits.concurrency'),
  WEFT_BAD_RESPONSE: entry('user', 502, 5, 'Function "{name}" set an illegal response: {reason}', 'Header names and values must follow RFC 9110, section 5'),
  WEFT_MODULE_REFUSED: entry('user', 400, 3, 'Cannot host "{name}": {reason}', 'Mend the manifest or the source and deploy again; the version before goes on serving'),
  WEFT_MODULE_INVALID: entry('user', 400, 3, 'This is not a valid WebAssembly module: {reason}', 'Build it again; a linked .wasm file is needed, not an object file or WebAssembly text'),
  WEFT_MODULE_UNSUPPORTED: entry('user', 400, 3, 'Cannot host this WebAssembly module: {reason}', 'Build it for wasm32-wasi (WASI preview 1) as one module with one memory'),
  WEFT_COMPILE_FAILED: entry('user', 400, 1, 'Building "{name}" failed:\n{output}', 'Mend what the compiler reports and build again; what is deployed goes on serving'),
  WEFT_COMPILE_TIMEOUT: entry('user', 400, 1, 'Building "{name}" took longer than {seconds} s', 'Split the source that takes long, or use a system clang: it is several times as fast'),
  WEFT_COMPILER_DIED: entry('system', 500, 1, 'The compiler ended in the middle of a build: {reason}', 'It may have run out of memory (it needs about 500 MB); build again, or use a system clang'),
  WEFT_TOOLCHAIN_MISSING: entry('user', 400, 1, 'Cannot use {what}: {reason}', '{install}'),
  WEFT_SOURCE_REFUSED: entry('user', 400, 1, 'Cannot build from {path}: {reason}', 'Mend the path in the manifest'),
  WEFT_FLAG_REFUSED: entry('user', 400, 1, 'The compiler flag {flag} cannot be used: {reason}', 'Take it out of the manifest'),
  WEFT_INIT_FAILED: entry('user', 400, 3, 'Initialising "{name}" failed: {reason}', 'The init hook or a global constructor failed; its log tells more: weft logs {name}'),
  WEFT_BAD_REQUEST: entry('user', 400, 5, 'The request is not valid HTTP: {reason}', 'Send requests as RFC 9112 has them; the connection was closed'),
  WEFT_REQUEST_TIMEOUT: entry('user', 408, 5, 'The request did not arrive within {ms} ms', 'Send it faster, or look at the network between'),
  WEFT_TARGET_TOO_LONG: entry('user', 414, 5, 'The request line is longer than {bytes} bytes', 'Send the data in the body'),
  WEFT_EXPECTATION: entry('user', 417, 5, 'Cannot meet the expectation "{value}"', 'Only "Expect: 100-continue" is known'),
  WEFT_HEADERS_TOO_LARGE: entry('user', 431, 5, 'The request head has more than {bytes} bytes or {headers} headers', 'Send fewer or shorter headers'),
  WEFT_NOT_IMPLEMENTED: entry('user', 501, 5, 'Not implemented: {reason}', 'Send the body plain or chunked, with a method of RFC 9110 other than CONNECT'),
  WEFT_BUSY: entry('system', 503, 5, 'Too busy: {reason}', 'Retry later'),
  WEFT_HTTP_VERSION: entry('user', 505, 5, 'This port speaks HTTP/1.1 and HTTP/1.0', 'Send the request as HTTP/1.1'),
  WEFT_LISTEN: entry('user', 500, 1, 'Cannot listen on {where}: {reason}', 'Choose another with --port and --host'),
  WEFT_USAGE: entry('user', 400, 2, '{reason}', 'See: {command}'),
  WEFT_FILE: entry('user', 500, 1, 'Cannot use {path}: {reason}', 'Look at the path, and who may read and write there'),
  WEFT_OUTPUT: entry('user', 500, 1, 'Cannot write to standard output: {reason}', 'Look at where it goes to, such as whether that disk is full'),
  WEFT_EXISTS: entry('user', 409, 1, '{path} is there already; nothing was written', 'Choose an empty folder'),
  WEFT_MANIFEST: entry('user', 400, 2, '{reason}', 'docs/manifest.md says what a manifest may hold; editors that know schema/weft.schema.json complete it'),
  WEFT_NO_APP: entry('user', 400, 2, 'There is no app in {path}: {reason}', 'Name a folder with a weft.yaml, or start one with: weft init'),
  WEFT_NOT_RUNNING: entry('user', 503, 6, 'No platform answers at {where}: {reason}', 'Start one with: weft up; or say where it is with --gateway, WEFT_GATEWAY or a context (weft context --help)'),
  WEFT_CONTEXT_NOT_FOUND: entry('user', 404, 4, 'No gateway context named {name}{from}{suggestion}', 'List them with: weft context list; go back to the platform of this machine with: weft context use default'),
  WEFT_CONTEXT_EXISTS: entry('user', 409, 1, 'A gateway context named "{name}" is there already; nothing was written', 'Look at it with: weft context show {name}; then choose another name, or put yours in its place with --replace'),
  WEFT_CONTEXT_IN_USE: entry('user', 409, 1, 'The gateway context "{name}" is the current one; it was not deleted', 'Use another one first, such as that of this machine: weft context use default'),
  WEFT_CONTEXT_DAMAGED: entry('user', 500, 1, 'Cannot use the file of a gateway context, {path}: {reason}', 'Mend it by hand, or write it anew: weft context create --replace for a context, weft context use for the current one; it was left as it is'),
  WEFT_CONTEXT_EXPOSED: entry('user', 500, 1, 'Others on this machine can use {path}, which has a password in it', 'Keep them out with: chmod 600 {file}; then think about whether they have read it, and change the password'),
  WEFT_APP_NOT_FOUND: entry('user', 404, 4, 'No app named "{app}"', 'List what is deployed with: weft list'),
  WEFT_APP_INVALID: entry('user', 400, 2, 'The app "{app}" cannot be deployed: {reason}', 'Mend its manifest and deploy again; nothing has changed'),
  WEFT_FUNCTION_TAKEN: entry('user', 409, 3, 'A function "{name}" is already deployed, in the app "{app}"', 'Choose another name, or remove that one first with: weft remove {name}'),
  WEFT_NAME_INVALID: entry('user', 400, 2, '"{name}" cannot be the name of {what}', 'A name has up to 63 letters, digits, "-" and "_", and begins with a letter or digit'),
  WEFT_ARTIFACT_MISSING: entry('user', 409, 3, 'The artifact {digest} is not here', 'Upload it first with: PUT /system/artifacts/{digest}'),
  WEFT_ARTIFACT_INVALID: entry('user', 400, 3, 'The artifact is not {digest}: {reason}', 'Send the very bytes whose SHA-256 the address names'),
  WEFT_ADMIN_REQUEST: entry('user', 400, 2, 'The request is not valid: {reason}', 'docs/admin.md says what each route takes'),
  WEFT_MEDIA_TYPE: entry('user', 415, 2, 'The body is called "{type}", which is not taken here', 'Send JSON, as "content-type: application/json"; what an artifact holds, as "content-type: application/octet-stream"'),
  WEFT_LOG_QUERY: entry('user', 422, 2, 'The query for logs is not valid: {reason}', 'Known are name, namespace, tail (a number), since (RFC 3339) and follow (true or false)'),
  WEFT_NO_ROUTE: entry('user', 404, 4, 'There is no {method} {path} here', 'Functions are under /function/<name>, the admin API under /system (docs/admin.md)'),
  WEFT_UNAUTHORIZED: entry('user', 401, 6, 'The admin API needs a user and a password', 'The user is admin; the password stands in the file "password" of the platform\'s data folder; weft takes it from --password-file, WEFT_PASSWORD or a context'),
  WEFT_DATA_IN_USE: entry('user', 500, 1, 'The data folder {path} is in use by {owner}', 'Hand apps to the platform that runs there with: weft deploy; or end it, or choose another folder with --data'),
  WEFT_DATA_DAMAGED: entry('user', 500, 1, '{path} is damaged: {reason}', 'Deploy the app again, or bring the file back from a backup; what is whole is served'),
  WEFT_THREAD_LOST: entry('system', 503, 70, 'An engine thread ended: {reason}', 'It is replaced; try again, and report it with the log if it happens again'),
  WEFT_START_FAILED: entry('user', 502, 5, 'Function "{name}" did not start: {reason}', 'Read its log with: weft logs {name}'),
  WEFT_IMAGE: entry('user', 400, 3, 'Cannot use the image {image} of "{name}": {reason}', 'Look at the name of the image and at the credentials for its registry (docker login)'),
  WEFT_CONTAINER_ENGINE: entry('system', 503, 5, 'The container engine at {where} cannot be used: {reason}', 'Start one (dockerd or podman system service), or say where it is with DOCKER_HOST or docker context use'),
  WEFT_SANDBOX: entry('user', 400, 3, 'Cannot keep "{name}" apart: {reason}', 'Give the machine what is missing, or accept to run without it: sandbox: relaxed in the manifest'),
  WEFT_INTERNAL: entry('system', 500, 70, 'Internal error: {reason}', 'This is a defect in Weft; please report it with the log'),
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorDetails = Readonly<Record<string, string | number>>;

export class WeftError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(fill(ERRORS[code].message, details), options);
    this.name = 'WeftError';
    this.code = code;
    this.details = details;
  }

  get entry(): Entry {
    return ERRORS[this.code];
  }

  get hint(): string {
    return fill(this.entry.hint, this.details);
  }

  /** The shape errors have on the wire and in `--json`. */
  toJSON(): { error: { code: ErrorCode; message: string; hint: string } } {
    return { error: { code: this.code, message: this.message, hint: this.hint } };
  }
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => String(details[key] ?? whole));
}
