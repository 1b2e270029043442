import type { CommandNode, OptionNode, Values } from './tree.ts';

export function fishCompletion(commands: readonly CommandNode[]): string {
  return `# Completion of weft for fish. To load it: weft completion fish | source
function __weft_functions
    set -l words (commandline -opc)
    $words[1] __functions 2>/dev/null
end
function __weft_contexts
    set -l words (commandline -opc)
    $words[1] __contexts 2>/dev/null
end
# Whether the line so far is of the command that these words are; __weft_is: and no further word is there.
function __weft_in
    set -l words (commandline -opc | string match -v -- '-*')[2..]
    test "$words[1..$(count $argv)]" = "$argv"
end
function __weft_is
    set -l words (commandline -opc | string match -v -- '-*')[2..]
    test "$words" = "$argv"
end
complete -c weft -f
complete -c weft -n __weft_is -l help -d 'show help'
complete -c weft -n __weft_is -l version -d 'print the version'
${names('', commands).join('\n')}
${commands.flatMap((command) => lines('', command)).join('\n')}
`;
}

function names(within: string, commands: readonly CommandNode[]): string[] {
  return commands.map(({ name, description }) => `complete -c weft -n '__weft_is${within}' -a ${name} -d ${quoted(description)}`);
}

function lines(within: string, command: CommandNode): string[] {
  const path = `${within} ${command.name}`;
  const condition = `-n '__weft_in${path}'`;
  const values = command.commands.length === 0 ? action(command.values) : '';
  return [
    ...(values === '' ? [] : [`complete -c weft ${condition} ${values}`]),
    ...names(path, command.commands),
    ...command.commands.flatMap((inner) => lines(path, inner)),
    ...command.options.map((option) => `complete -c weft ${condition} ${flags(option)} -d ${quoted(option.description)}`),
  ];
}

function flags({ short, long, values }: OptionNode): string {
  const names = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  return [...names, ...(values === undefined ? [] : ['-r', action(values)])].filter((part) => part !== '').join(' ');
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `-f -a '${values.words.join(' ')}'`;
    case 'files':
      return '-F';
    case 'folders':
      return "-f -a '(__fish_complete_directories)'";
    case 'functions':
      return "-f -a '(__weft_functions)'";
    case 'contexts':
      return "-f -a '(__weft_contexts)'";
    case 'free':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
