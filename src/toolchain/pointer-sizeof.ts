/**
 * Finds `sizeof text` where `text` is a `char *` that a string literal was assigned to: code made for 64-bit machines, where that
 * happens to be 8. docs/decisions/2026-11-24-nightcore-sizeof.md tells why, and why here only.
 */
export interface PointerSizeof {
  readonly variable: string;
  /** Bytes of the main file that hold the expression. */
  readonly offset: number;
  readonly length: number;
}

/** Pointers of the platforms that such code was made for. */
const POINTER_BYTES = '8';
const TEXT_TYPES = new Set(['char *', 'const char *', 'char *const', 'const char *const']);

/** clang's options to print what `findPointerSizeofs` reads, behind all those of the compilation; what it reads goes to standard output. */
export const AST_FLAGS = ['-fsyntax-only', '-w', '-Xclang', '-ast-dump=json'] as const;

/** Whether a source can contain the mistake at all; parsing it twice is not free. */
export function mayHavePointerSizeof(source: string): boolean {
  const sized = new Set([...source.matchAll(/\bsizeof\s*\(*\s*([A-Za-z_]\w*)/g)].map(([, name]) => name));
  return [...source.matchAll(/([A-Za-z_]\w*)\s*=\s*\(*\s*(?:u8)?"/g)].some(([, name]) => sized.has(name));
}

/** Every such expression written in the main file itself, not in a header or by a macro. `ast` is what clang printed. */
export function findPointerSizeofs(ast: string, mainFile: string): PointerSizeof[] {
  const search = new Search(mainFile);
  search.visit(parseNode(JSON.parse(ast)), []);
  return search.found();
}

/** The source as it is to be compiled: as long as before, so that lines and columns stay. */
export function withPointerSizes(source: Uint8Array, found: readonly PointerSizeof[]): Uint8Array {
  const changed = source.slice();
  for (const { offset, length } of found) {
    changed.set(new TextEncoder().encode(POINTER_BYTES.padEnd(length)), offset);
  }
  return changed;
}

/** What the user is told, in clang's own form. */
export function pointerSizeofWarning(file: string, source: Uint8Array, found: PointerSizeof): string {
  const before = Buffer.from(source.subarray(0, found.offset)).toString('utf8').split('\n');
  const column = Buffer.byteLength(before.at(-1) ?? '') + 1;
  const { variable } = found;
  const said = `sizeof(${variable}) is the size of a pointer, taken as ${POINTER_BYTES} as on the 64-bit machines of Nightcore; strlen(${variable}) is what is meant`;
  return `${file}:${before.length}:${column}: warning: ${said}`;
}

interface Place {
  readonly offset: number;
  readonly tokenLength: number;
}

/** A node of clang's tree, as far as it matters here. */
interface Node {
  readonly kind: string;
  readonly name: string;
  readonly opcode: string;
  readonly type: string;
  /** Id of the declaration that the node is, or refers to. */
  readonly id: string;
  readonly refersTo: string;
  readonly begin: Place | undefined;
  readonly end: Place | undefined;
  /** File named by the node's places, when it is not that of the node before. */
  readonly file: string | undefined;
  readonly children: readonly Node[];
}

interface Candidate extends PointerSizeof {
  readonly declaration: string;
  /** Declarations whose address the call around takes. */
  readonly addressed: ReadonlySet<string>;
}

class Search {
  readonly #mainFile: string;
  readonly #texts = new Set<string>();
  readonly #candidates: Candidate[] = [];
  /** clang names a file once, and again when it changes. */
  #file = '';

  constructor(mainFile: string) {
    this.#mainFile = mainFile;
  }

  found(): PointerSizeof[] {
    const real = this.#candidates.filter(({ declaration, addressed }) => this.#texts.has(declaration) && !addressed.has(declaration));
    return real.map(({ variable, offset, length }) => ({ variable, offset, length }));
  }

  visit(node: Node, calls: readonly Node[]): void {
    this.#file = node.file ?? this.#file;
    this.#noteText(node);
    if (node.kind === 'UnaryExprOrTypeTraitExpr' && node.name === 'sizeof') this.#noteSizeof(node, calls);
    const inner = node.kind.endsWith('CallExpr') ? [...calls, node] : calls;
    for (const child of node.children) this.visit(child, inner);
  }

  #noteText(node: Node): void {
    const value = node.children.at(-1);
    if (value === undefined || !isLiteral(value)) return;
    if (node.kind === 'VarDecl' && TEXT_TYPES.has(node.type)) this.#texts.add(node.id);
    const target = node.children[0];
    if (node.kind === 'BinaryOperator' && node.opcode === '=' && target?.kind === 'DeclRefExpr') this.#texts.add(target.refersTo);
  }

  #noteSizeof(node: Node, calls: readonly Node[]): void {
    const variable = withoutParentheses(node.children[0]);
    const { begin, end } = node;
    if (variable?.kind !== 'DeclRefExpr' || !TEXT_TYPES.has(variable.type) || !begin || !end || this.#file !== this.#mainFile) return;
    this.#candidates.push({
      variable: variable.name,
      declaration: variable.refersTo,
      offset: begin.offset,
      length: end.offset + end.tokenLength - begin.offset,
      addressed: new Set(calls.flatMap(addressesIn)),
    });
  }
}

function addressesIn(node: Node): string[] {
  const own = node.kind === 'UnaryOperator' && node.opcode === '&' ? [withoutParentheses(node.children[0])?.refersTo ?? ''] : [];
  return [...own, ...node.children.flatMap(addressesIn)];
}

function withoutParentheses(node: Node | undefined): Node | undefined {
  return node?.kind === 'ParenExpr' ? withoutParentheses(node.children[0]) : node;
}

function isLiteral(node: Node): boolean {
  const wrapper = node.kind === 'ImplicitCastExpr' || node.kind === 'ParenExpr';
  return node.kind === 'StringLiteral' || (wrapper && node.children.length === 1 && node.children.every(isLiteral));
}

/** clang's JSON, read defensively: a field that is not there, or not what it was, is empty. */
function parseNode(value: unknown): Node {
  const range = field(value, 'range');
  const reference = field(value, 'referencedDecl');
  const inner = field(value, 'inner');
  const places = [field(value, 'loc'), field(range, 'begin'), field(range, 'end')].flatMap((at) => [
    at,
    field(at, 'spellingLoc'),
    field(at, 'expansionLoc'),
  ]);
  return {
    kind: text(value, 'kind'),
    name: text(reference, 'name') || text(value, 'name'),
    opcode: text(value, 'opcode'),
    type: text(field(value, 'type'), 'qualType'),
    id: text(value, 'id'),
    refersTo: text(reference, 'id'),
    begin: place(field(range, 'begin')),
    end: place(field(range, 'end')),
    file: places.map((at) => text(at, 'file')).findLast((file) => file !== ''),
    children: Array.isArray(inner) ? inner.map(parseNode) : [],
  };
}

/** Nothing for what a macro wrote: its place has two halves. */
function place(value: unknown): Place | undefined {
  const offset = field(value, 'offset');
  const tokenLength = field(value, 'tokLen');
  return typeof offset === 'number' && typeof tokenLength === 'number' ? { offset, tokenLength } : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : '';
}
