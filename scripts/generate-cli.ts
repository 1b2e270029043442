/** docs/cli.md, from the command line itself and the catalogue of errors. */
import type { Argument, Command, Option } from 'commander';
import { createProgram } from '../src/cli/program.ts';
import { Terminal } from '../src/cli/terminal.ts';
import { ERRORS } from '../src/model/errors.ts';

const HEAD = `# Command line

<!-- Made by "npm run generate" from src/cli/commands and src/model/errors.ts; the text stands in scripts/generate-cli.ts. -->

\`./weft <command>\`, or \`weft\` once the repository is in the \`PATH\`. \`weft help <command>\` shows what stands here.

## What goes where

- **Data goes to standard output, talk to standard error**: progress, notes, errors. A pipe gets the data and nothing else.
- **\`--json\`**: each line of standard output is one JSON object (or array), and each line of standard error as well: \`{"note": "…"}\`,
  or \`{"error": {"code", "message", "hint"}}\` with the compiler's text in \`output\` when something does not compile.
- **Colours and progress** are for terminals; \`NO_COLOR\` turns colours off, \`FORCE_COLOR\` on.
- A reader that leaves (\`weft logs hello | head\`) is no error. What is to be built, deployed or served is so all the same.

## Folders

| what | where | to change it |
|---|---|---|
| data: what is deployed, the password, the address of the running platform | \`.weft\` of the nearest folder upwards that has one; else in the root of the repository around the current folder; else in the current folder | \`--data\`, \`WEFT_DATA\` |
| contexts: names of platforms, and the passwords that were given for them | \`$XDG_CONFIG_HOME/weft\`, by default \`~/.config/weft\` | \`WEFT_CONFIG\` |
| build cache, shared by all projects of a user | \`$XDG_CACHE_HOME/weft\`, by default \`~/.cache/weft\`; in the data folder when there is no such place | \`WEFT_CACHE\` |

The data folder tells version control to leave it alone. It and the cache can be deleted while nothing runs; deleting the data folder
takes all apps out of service.

## Which platform

\`invoke\`, \`bench\` and the commands that look at or change what is served ask the platform that is told first in this table. What an
option says goes before the environment, that before a file, and an address before a name.

| told by | platform | its password, for the admin commands |
|---|---|---|
| \`--gateway\` | at this address | of the data folder, if the address is this machine's |
| \`--context\` | of this [context](#weft-context) | of the context |
| \`WEFT_GATEWAY\` | at this address | of the data folder, if the address is this machine's |
| \`--data\` | of this machine, the \`weft up\` that runs on this data folder | of that folder |
| \`WEFT_CONTEXT\` | of this context | of the context |
| \`weft context use\` | of the current context | of the context |
| nothing, or the context \`default\` | of this machine: the \`weft up\` that runs on the data folder, else \`http://127.0.0.1:8080\` | of the data folder |

\`--password-file\` goes before every other password, then \`WEFT_PASSWORD\`. The password of a data folder is sent to no other machine, that
of a context only to its own gateway. A context without a password whose gateway is on this machine takes that of the data folder.

A context is a file that only you can read (mode 0600); one that holds a password and that others can read is refused. Passwords and
what could be one are never shown, in errors neither. There is no option that takes a password as its value: lists of processes show
arguments to everybody on the machine, and shells write them down. Two of several platforms, side by side:

\`\`\`sh
weft context create here --gateway http://127.0.0.1:9090
pass show weft/prod | weft context create prod --gateway https://weft.example.com --password-stdin
weft deploy hello --context prod
weft context use prod
weft logs hello -f
weft context use default
\`\`\`

## While \`weft up\` runs

Sources, headers, packed files and manifests are watched. A change is built and deployed at once; requests that run end on the
version before. What does not compile is told as the compiler told it, and the version before goes on answering. SIGINT and SIGTERM
let running requests end, a second one does not.
`;

const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done; `weft up`: ended by SIGTERM',
  1: 'it could not be done: something does not compile, a port or a folder is in use, a file cannot be read',
  2: 'a mistake in the command line or in a manifest',
  3: 'the platform refused what was to be deployed; what was there before goes on',
  4: 'no such app, function or context',
  5: 'the function answered 400 or more, or did not answer',
  6: 'no platform answers, or it does not accept the password',
  70: 'a defect in Weft, or the machine failed',
  130: 'interrupted by Ctrl-C',
};

export function cliPage(): string {
  const program = createProgram(new Terminal(process, { json: false }));
  return [HEAD, exitCodes(), '## Commands\n', ...commandsIn(program).map(section)].join('\n');
}

/** A command before the commands in it. */
function commandsIn(command: Command): Command[] {
  const commands = command.createHelp().visibleCommands(command);
  return commands.filter((each) => each.name() !== 'help').flatMap((each) => [each, ...commandsIn(each)]);
}

function exitCodes(): string {
  const used = [...new Set([...Object.keys(EXIT_CODES).map(Number), ...Object.values(ERRORS).map(({ exit }) => exit)])].toSorted(
    (a, b) => a - b,
  );
  const rows = used.map((exit) => `| ${exit} | ${EXIT_CODES[exit] ?? ''} | ${errorsWith(exit).join(', ')} |`);
  return `${['## Exit codes', '', '| code | meaning | errors |', '|---|---|---|', ...rows].join('\n')}\n`;
}

function errorsWith(exit: number): string[] {
  const codes = Object.entries(ERRORS).filter(([, entry]) => entry.exit === exit);
  return codes.map(([code]) => `[${code}](errors.md#${code.toLowerCase()})`).toSorted();
}

function section(command: Command): string {
  const help = command.createHelp();
  const args = help.visibleArguments(command).map(argumentRow);
  const options = help.visibleOptions(command).map(optionRow);
  const parts = [
    `### ${nameOf(command)}`,
    `\`\`\`sh\n${help.commandUsage(command)}\n\`\`\``,
    description(command),
    table([...args, ...options]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

/** Examples stand apart from the text by their columns. */
function description(command: Command): string {
  const paragraphs = command.description().split('\n\n');
  return paragraphs.map((text) => (text.includes('\n') ? `\`\`\`\n${text}\n\`\`\`` : text)).join('\n\n');
}

function argumentRow(argument: Argument): string {
  return row(argument.name(), argument.description, argument.argChoices, argument.defaultValue);
}

function optionRow(option: Option): string {
  const value = option.flags.includes('<') ? (option.defaultValueDescription ?? option.defaultValue) : undefined;
  return row(option.flags, option.description, option.argChoices, value, option.envVar);
}

function row(name: string, text: string, choices: readonly string[] | undefined, value: unknown, variable?: string): string {
  const notes = [
    ...(choices === undefined ? [] : [`one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`]),
    ...(typeof value === 'string' || typeof value === 'number' ? (value === '' ? [] : [`default: ${value}`]) : []),
    ...(variable === undefined ? [] : [`or set \`${variable}\``]),
  ];
  return `| \`${name}\` | ${[text, ...notes]
    .filter((part) => part !== '')
    .join('; ')
    .replaceAll('|', '\\|')} |`;
}

function table(rows: readonly string[]): string {
  return ['| | |', '|---|---|', ...rows].join('\n');
}
