import type { CommandNode, OptionNode, Values } from './tree.ts';

export function fishCompletion(commands: readonly CommandNode[]): string {
  return `# Completion of weft for fish. To load it: weft completion fish | source
function __weft_functions
    set -l words (commandline -opc)
    $words[1] __functions 2>/dev/null
end
complete -c weft -f
complete -c weft -n __fish_use_subcommand -l help -d 'show help'
complete -c weft -n __fish_use_subcommand -l version -d 'print the version'
${commands.map(({ name, description }) => `complete -c weft -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`).join('\n')}
${commands.flatMap(lines).join('\n')}
`;
}

function lines(command: CommandNode): string[] {
  const condition = `-n '__fish_seen_subcommand_from ${command.name}'`;
  const values = action(command.values);
  return [
    ...(values === '' ? [] : [`complete -c weft ${condition} ${values}`]),
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
    case 'free':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
