/**
 * The shape of weft.yaml. Types, checks and the JSON Schema that editors use (schema/weft.schema.json) all come from here. What the
 * shape cannot say (ranges of sizes, files that must be there) is checked where it is read.
 *
 * A message given here goes on from the word that is wrong: `"64Mb" is not a size, …`.
 */
import * as z from 'zod';
import { CONTRACT_NAMES, STDIO_MODES } from '../model/app.ts';
import {
  CONTENT_TYPE,
  CPP_FUNCTION,
  DEFINE,
  ENV_NAME,
  FIELD_NAME,
  FIELD_VALUE,
  GUEST_PATH,
  HTTP_PATH,
  IMAGE,
  NAME,
  NAME_RULE,
  NO_NUL,
  ORIGIN,
  TARGET,
} from './patterns.ts';
import { DURATION_PATTERN, SIZE_PATTERN } from './units.ts';

const MAX_FUNCTIONS = 1000;
/** Nothing good needs more, and each is a file or an argument. */
const MAX_LIST = 1000;

const text = z.string().regex(NO_NUL, 'has a NUL in it');
const path = text.min(1);
const name = z.string().regex(NAME, NAME_RULE);
const size = z.string().regex(SIZE_PATTERN, 'is not a size, such as 64MiB or 512KB');
const duration = z.string().regex(DURATION_PATTERN, 'is not a duration, such as 30s or 500ms');
const envName = z.string().regex(ENV_NAME, 'is not the name of a variable: letters, digits and "_", not beginning with a digit');
const guestPath = z.string().regex(GUEST_PATH, 'is not an absolute path without "." and ".."');
const list = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_LIST);

const limits = z.strictObject({
  memory: size
    .optional()
    .describe('Memory of one context, process or container, rounded down to 64 KiB. Default 64MiB; for processes and containers 128MiB'),
  deadline: duration.optional().describe('Wall time of one request. Default 30s'),
  request: size.optional().describe('Largest request body. Default 10MiB'),
  response: size.optional().describe('Largest answer. Default 10MiB'),
  concurrency: z.int().min(1).max(1_000_000).optional().describe('Requests at once, in each engine thread. Default 10000'),
  callDepth: z.int().min(1).max(1000).optional().describe('Functions that wait for each other in one request. Default 64'),
  instances: z.int().min(1).max(1000).optional().describe('Processes or containers at once, in each engine thread. Default 16'),
  processes: z.int().min(1).max(32_768).optional().describe('Processes and threads in one process or container. Default 64'),
  cpus: z.number().min(0).max(1024).optional().describe("Processors' worth of time for one process or container; 0 = all. Default 0"),
  openFiles: z.int().min(16).max(1_048_576).optional().describe('Open files of each process. Default 1024'),
});

const secret = z
  .strictObject({
    fromEnv: envName.optional().describe('Variable of the environment in which weft runs'),
    fromFile: path.optional().describe('File with the secret, UTF-8; one line feed at its end is left out'),
  })
  .check((context) => {
    if (Object.keys(context.value).length === 1) return;
    context.issues.push({ code: 'custom', input: context.value, message: 'takes either fromEnv or fromFile' });
  })
  .meta({ minProperties: 1, maxProperties: 1 });

const standard = z.enum(['c17', 'c23', 'c++20', 'c++23']);

/** Only where there are sources. */
const compiling = {
  include: list(path).optional().describe('Folders in which #include looks'),
  defines: list(text.regex(DEFINE, 'is no macro: NAME or NAME=value')).optional().describe('Macros: NAME or NAME=value'),
  flags: list(path).optional().describe('Further flags for the compiler'),
  linkFlags: list(path).optional().describe('Further flags for the linker'),
  libraries: list(path).optional().describe('Static libraries (.a) of WebAssembly objects'),
  std: z
    .union([standard, z.array(standard).min(1).max(2)])
    .optional()
    .describe('Language standard: c17, c23, c++20 or c++23; for both languages a list of two. Default [c17, c++20]'),
  stack: size.optional().describe('Size of the C stack. Default 48KiB, for contracts stdio and functions-framework 256KiB'),
};
const COMPILING: readonly string[] = Object.keys(compiling);

/** What stands under `defaults` as well. */
const common = {
  contract: z
    .enum(CONTRACT_NAMES)
    .optional()
    .describe(
      'How the function is written: weft (weft/v1.h), stdio (a program with main), nightcore, functions-framework, fn (fn/fdk.h) or http (a server). Default: what its sources include says it, else stdio',
    ),
  ...compiling,
  rollback: z
    .enum(['request', 'call', 'never'])
    .optional()
    .describe('When memory goes back to its state after initialisation: after each request (the default), after each call, or never'),
  limits: limits.optional().describe('Bounds that a request cannot pass'),
  env: z.record(envName, text).optional().describe('Environment variables; nothing else of the environment is seen'),
  secrets: z.record(envName, secret).optional().describe('Secrets, by name: {fromEnv: NAME} or {fromFile: path}. Never the secret itself'),
  origins: list(z.string().regex(ORIGIN, 'is not an origin, such as https://api.example.com or http://127.0.0.1:9000'))
    .optional()
    .describe('Where outbound HTTP may go: https://host or https://host:port'),
  idle: z
    .union([z.literal('never'), duration])
    .optional()
    .describe('Memory is freed after this long without a request, or never. Default 1m'),
  warm: z.int().min(0).max(1000).optional().describe('Contexts made ready at deploy, in each engine thread. Default 1'),
};

const project = (file: string) =>
  z.strictObject({
    dir: path.optional().describe(`Folder of the ${file}. Default: that of the manifest`),
    target: z
      .string()
      .regex(TARGET, 'is not the name of a target')
      .optional()
      .describe('Target to build. Default: the name of the function'),
    args: list(text).optional().describe('Further arguments'),
  });

const BUILDS = ['sources', 'wasm', 'cmake', 'make', 'executable', 'image', 'static'] as const;

export const functionShape = z
  .strictObject({
    sources: list(path).min(1).optional().describe('C and C++ sources: files, or patterns such as src/**/*.c'),
    wasm: path.optional().describe('A WebAssembly module that was built elsewhere (WASI preview 1)'),
    cmake: project('CMakeLists.txt').optional().describe('A project with its own CMakeLists.txt. Needs the system toolchain'),
    make: project('Makefile').optional().describe('A project with its own Makefile. Needs the system toolchain'),
    executable: path
      .optional()
      .describe('A native program that was built elsewhere (for contract nightcore a library); it runs as a process'),
    image: z
      .string()
      .regex(IMAGE, 'is not the name of an image')
      .optional()
      .describe('A container image; its function runs in a container'),
    static: path.optional().describe('Folder whose files are served as they are; nothing runs'),
    ...common,
    isolation: z
      .enum(['context', 'process', 'container'])
      .optional()
      .describe(
        'What keeps the function apart: a memory of its own, a sandboxed process, or a container. Default context; with an executable or image what it needs',
      ),
    sandbox: z
      .enum(['strict', 'relaxed'])
      .optional()
      .describe('When the machine cannot give all of the sandbox: refuse the function, or run it without and say so. Default strict'),
    network: z
      .enum(['none', 'host', 'bridge'])
      .optional()
      .describe('What a process or container sees of the network. Default none for a process, bridge for a container'),
    mounts: z
      .record(
        guestPath,
        z.union([
          path,
          z.strictObject({
            from: path.describe('Folder here'),
            writable: z.boolean().optional().describe('Whether the function may write there. Default false'),
          }),
        ]),
      )
      .optional()
      .describe('Folders that a process or container sees: path it sees → folder here, or {from, writable}'),
    workDir: guestPath.optional().describe('Folder in which a process starts. Default /tmp'),
    listen: z
      .union([z.int().min(1).max(65_535), guestPath])
      .optional()
      .describe('Where a server listens: its port, or the path of its socket. Default: the port that it is told by PORT'),
    health: z
      .string()
      .regex(HTTP_PATH, 'is not a path of a URL')
      .optional()
      .describe('GET of this path must succeed before the server gets requests'),
    freeze: z
      .union([z.literal('never'), duration])
      .optional()
      .describe('A container that runs nothing is frozen after this long, or never. Default 1s; for contract fn 50ms'),
    args: list(text).optional().describe('Arguments of the program, from argv[1] on'),
    target: z
      .string()
      .regex(CPP_FUNCTION, 'is not the name of a C++ function, such as my_namespace::MyFunction')
      .optional()
      .describe('The C++ function, with its namespaces, of contract functions-framework. Default: the name, with "_" for "-"'),
    contentType: z
      .string()
      .regex(CONTENT_TYPE, 'is not a media type, such as text/plain')
      .optional()
      .describe("Content type of a stdio program's answers. Default: that of the request"),
    stdio: z
      .strictObject({
        mode: z
          .enum(STDIO_MODES)
          .optional()
          .describe("How the program is run: Weft's own way (plain, the default), or as OpenFaaS or IronFunctions do it"),
        cgiHeaders: z.boolean().optional().describe('The request is in the environment. Default true'),
        combineOutput: z
          .boolean()
          .optional()
          .describe('Standard error is part of the answer and not the log; for classic. Default false, in stack.yaml true'),
        marshalRequest: z.boolean().optional().describe('Standard input is a JSON object with header and body; for classic. Default false'),
        headers: z
          .record(
            z.string().regex(FIELD_NAME, 'is not the name of a header field'),
            z.string().regex(FIELD_VALUE, 'holds a control character'),
          )
          .optional()
          .describe('Header fields of every answer; for iron, iron-http and iron-json'),
      })
      .optional()
      .describe('How a stdio program is run'),
    files: z.record(guestPath, path).optional().describe('Files the function can read: path it sees → file or folder here'),
    nightcore: z
      .strictObject({
        allowHttpGet: z.boolean().optional().describe('GET is answered as well. Default false'),
        qsAsInput: z.boolean().optional().describe('The query, as a JSON object, is the input. Default false'),
      })
      .optional()
      .describe("Switches of Nightcore's configuration"),
  })
  .check((context) => {
    const present = BUILDS.filter((key) => context.value[key] !== undefined);
    if (present.length === 0) complain(context, [], `says not what to build it from: ${BUILDS.join(', ')}`);
    for (const key of present.slice(1)) complain(context, [key], `and "${present[0]}" exclude each other`);
    if (context.value.sources !== undefined) return;
    for (const key of COMPILING) if (Object.hasOwn(context.value, key)) complain(context, [key], 'is for functions with sources only');
  })
  .meta({
    oneOf: BUILDS.map((key) => ({ required: [key] })),
    dependentRequired: Object.fromEntries(COMPILING.map((key) => [key, ['sources']])),
  });

export const defaultsShape = z.strictObject(common);

export const manifestShape = z.strictObject({
  app: name.describe('Name of the app: functions of one app may call each other and be merged'),
  defaults: defaultsShape.optional().describe('For every function that does not say otherwise. Mappings are merged, lists are replaced'),
  functions: z
    .record(name, functionShape)
    .check((context) => {
      const count = Object.keys(context.value).length;
      if (count === 0) complain(context, [], 'is empty; an app has at least one function');
      if (count > MAX_FUNCTIONS) complain(context, [], `has ${count} functions; ${MAX_FUNCTIONS} are the most`);
    })
    .meta({ minProperties: 1, maxProperties: MAX_FUNCTIONS })
    .describe('Functions, by name. The name stands in the URL: /function/<name>'),
  merge: list(z.array(z.string()).min(2).max(MAX_FUNCTIONS))
    .optional()
    .describe('Merge groups: functions that run in one thread, where a call from one to the other takes nanoseconds'),
});

export type FunctionShape = z.infer<typeof functionShape>;
export type DefaultsShape = z.infer<typeof defaultsShape>;

function complain(context: z.core.ParsePayload<unknown>, at: string[], message: string): void {
  context.issues.push({ code: 'custom', input: context.value, path: at, message });
}
