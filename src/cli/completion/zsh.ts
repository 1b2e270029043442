import type { CommandNode, OptionNode, Values } from './tree.ts';

export function zshCompletion(commands: readonly CommandNode[]): string {
  return `#compdef weft
# Completion of weft for zsh. To load it: source <(weft completion zsh), after compinit
_weft_functions() {
  local -a names
  names=(\${(f)"$("$_weft_command" __functions 2>/dev/null)"})
  compadd -a names
}
_weft_contexts() {
  local -a names
  names=(\${(f)"$("$_weft_command" __contexts 2>/dev/null)"})
  compadd -a names
}
_weft() {
  local _weft_command="$words[1]"
  _weft_commands
}
${group('_weft_commands', `'--version[${text('print the version')}]'`, commands)}
if [[ "$funcstack[1]" == _weft ]]; then _weft "$@"; else compdef _weft weft; fi
`;
}

/** A command of commands: the first word is one of their names, what follows is that one's. Such commands in it come before it. */
function group(name: string, options: string, commands: readonly CommandNode[]): string {
  const inner = commands.filter(isGroup).map((command) => group(`${name}_${command.name}`, '', command.commands));
  return [...inner, groupFunction(name, options, commands)].join('\n');
}

function groupFunction(name: string, options: string, commands: readonly CommandNode[]): string {
  return `${name}() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C '--help[${text('show help')}]' ${options} '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      local -a commands
      commands=(
${commands.map((command) => `        '${command.name}:${text(command.description)}'`).join('\n')}
      )
      _describe command commands
      ;;
    argument)
      case $line[1] in
${commands.map((command) => (isGroup(command) ? `        ${command.name}) ${name}_${command.name} ;;` : branch(command))).join('\n')}
      esac
      ;;
  esac
}`;
}

function isGroup({ commands }: CommandNode): boolean {
  return commands.length > 0;
}

function branch(command: CommandNode): string {
  const specs = [...command.options.flatMap(option), `'*:${command.name}:${action(command.values)}'`];
  return `        ${command.name}) _arguments ${specs.join(' ')} ;;`;
}

function option({ short, long, description, values }: OptionNode): string[] {
  const value = values === undefined ? '' : `:${long.replace(/^-+/, '')}:${action(values)}`;
  const flags = short === undefined ? [long] : [short, long];
  return flags.map((flag) => `'*${flag}[${text(description)}]${value}'`);
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    case 'functions':
      return '_weft_functions';
    case 'contexts':
      return '_weft_contexts';
    case 'free':
      return '';
  }
}

/** Inside single quotes, and inside the brackets and colons that _arguments and _describe divide at. */
function text(plain: string): string {
  return plain.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
}
