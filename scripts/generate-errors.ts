/** docs/errors.md, from the catalogue. */
import { ERRORS } from '../src/model/errors.ts';

const HEAD = `# Errors

<!-- Made from src/model/errors.ts by "npm run generate"; change that file instead. -->

Every error that Weft answers with, prints or logs is one of these. A client gets the HTTP status and the body
\`{"error": {"code", "message", "hint"}}\`; the command line prints message and hint and ends with the exit code.
Codes are never used again for something else. In messages, \`{…}\` stands for what the error is about.

Kind *user*: the function's author, its caller or the operator can mend it. Kind *system*: the machine or Weft must.
`;

export function errorsPage(): string {
  const entries = Object.entries(ERRORS).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = entries.map(([code, { kind, status, exit }]) => `| [\`${code}\`](#${code.toLowerCase()}) | ${kind} | ${status} | ${exit} |`);
  const table = ['| code | kind | HTTP status | exit code |', '|---|---|---|---|', ...rows];
  const sections = entries.map(([code, { message, hint }]) => `## ${code}\n\n${quoted(message)}\n\n${quoted(hint)}\n`);
  return `${HEAD}\n${table.join('\n')}\n\n${sections.join('\n')}`;
}

/** As code, so that `<`, `*` and `{…}` stand as they are. */
function quoted(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
