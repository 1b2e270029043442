/** What can be completed: the commands, their options and what follows them, read off the command line itself. */
import type { Argument, Command, Option } from 'commander';

export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Files and folders. */
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  /** Names of deployed functions, asked of the platform. */
  | { readonly kind: 'functions' }
  /** Names of contexts. */
  | { readonly kind: 'contexts' }
  /** Anything: a number, a text. */
  | { readonly kind: 'free' };

export interface OptionNode {
  readonly long: string;
  readonly short?: string;
  readonly description: string;
  /** Absent for a switch. */
  readonly values?: Values;
}

export interface CommandNode {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  /** What follows it; with commands of its own, their names. */
  readonly values: Values;
  readonly commands: readonly CommandNode[];
}

export function completionTree(program: Command): CommandNode[] {
  return visible(program).map((command) => commandNode(command, program));
}

function commandNode(command: Command, program: Command): CommandNode {
  const options = command.createHelp().visibleOptions(command);
  return {
    name: command.name(),
    description: command.summary() || command.description(),
    options: options.map(optionNode),
    values: valuesAfter(command, program),
    commands: visible(command).map((each) => commandNode(each, program)),
  };
}

function valuesAfter(command: Command, program: Command): Values {
  const commands = visible(command.name() === 'help' ? program : command);
  return commands.length > 0 ? { kind: 'words', words: commands.map((each) => each.name()) } : valuesOf(command.registeredArguments[0]);
}

function visible(command: Command): Command[] {
  return command.createHelp().visibleCommands(command);
}

function optionNode(option: Option): OptionNode {
  const value = /[<[]([\w-]+)/.exec(option.flags)?.[1];
  return {
    long: option.long ?? option.flags,
    ...(option.short === undefined ? {} : { short: option.short }),
    description: option.description,
    ...(value === undefined ? {} : { values: named(value, option.argChoices) }),
  };
}

function valuesOf(argument: Argument | undefined): Values {
  return argument === undefined ? { kind: 'free' } : named(argument.name(), argument.argChoices);
}

/** What stands for a value in the help tells what it is. */
function named(name: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { kind: 'words', words: choices };
  if (name === 'app' || name === 'file') return { kind: 'files' };
  if (name === 'folder') return { kind: 'folders' };
  if (name === 'context') return { kind: 'contexts' };
  return name === 'function' || name === 'name' ? { kind: 'functions' } : { kind: 'free' };
}
