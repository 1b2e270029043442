import type { CommandNode, OptionNode, Values } from './tree.ts';

/** Runs in bash 3.2 (macOS) and later. */
export function bashCompletion(tree: readonly CommandNode[]): string {
  const commands = flat(tree);
  return `# Completion of weft for bash. To load it: source <(weft completion bash)
_weft_words() {
  COMPREPLY=()
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <("$@")
}
_weft_files() {
  compopt -o filenames 2>/dev/null
  _weft_words compgen "$1" -- "$2"
}
_weft_functions() {
  _weft_words compgen -W "$("\${COMP_WORDS[0]}" __functions 2>/dev/null)" -- "$1"
}
_weft_contexts() {
  _weft_words compgen -W "$("\${COMP_WORDS[0]}" __contexts 2>/dev/null)" -- "$1"
}
_weft() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      -*) ;;
      *) command="\${command:+$command }\${COMP_WORDS[at]}" ;;
    esac
    case "$command" in
      ${groupNames(tree)}) ;;
      *) break ;;
    esac
  done
  case "$command:$prev" in
${commands.flatMap(optionValues).join('\n')}
  esac
  case "$command:$cur" in
${commands.map(optionNames).join('\n')}
    :-*) _weft_words compgen -W '--help --version' -- "$cur"; return ;;
  esac
  case "$command" in
    '') _weft_words compgen -W '${tree.map((command) => command.name).join(' ')}' -- "$cur" ;;
${commands.map((command) => `    '${command.name}') ${complete(command.values)} ;;`).join('\n')}
  esac
}
complete -F _weft weft
`;
}

/** Each under all words that lead to it. */
function flat(commands: readonly CommandNode[]): CommandNode[] {
  return commands.flatMap((command) => [
    command,
    ...flat(command.commands.map((inner) => ({ ...inner, name: `${command.name} ${inner.name}` }))),
  ]);
}

/** After these, and at the beginning, comes the name of a command. */
function groupNames(commands: readonly CommandNode[]): string {
  const groups = commands.filter((command) => command.commands.length > 0);
  return ["''", ...groups.map(({ name }) => name)].join(' | ');
}

function optionValues(command: CommandNode): string[] {
  return command.options.flatMap((option) => {
    if (option.values === undefined) return [];
    const patterns = flags(option).map((flag) => `'${command.name}:${flag}'`);
    return [`    ${patterns.join(' | ')}) ${complete(option.values)}; return ;;`];
  });
}

function optionNames(command: CommandNode): string {
  return `    '${command.name}:'-*) _weft_words compgen -W '${command.options.flatMap(flags).join(' ')}' -- "$cur"; return ;;`;
}

function flags({ short, long }: OptionNode): string[] {
  return short === undefined ? [long] : [short, long];
}

function complete(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `_weft_words compgen -W '${values.words.join(' ')}' -- "$cur"`;
    case 'files':
      return '_weft_files -f "$cur"';
    case 'folders':
      return '_weft_files -d "$cur"';
    case 'functions':
      return '_weft_functions "$cur"';
    case 'contexts':
      return '_weft_contexts "$cur"';
    case 'free':
      return ':';
  }
}
