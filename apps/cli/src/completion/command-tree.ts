import type { Command, Option } from 'commander';

/** A command as shells complete it. */
export interface CommandNode {
  /** Words after the name of the program, such as `pack sign`; empty: the program itself. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly commands: readonly CommandNode[];
}

export interface OptionNode {
  /** Each with its dashes. */
  readonly flags: readonly string[];
  readonly description: string;
  /** `none`: a flag without a value; `file`: a path; `other`: any text. */
  readonly value: 'none' | 'file' | 'other';
  /** The only values of the option; empty: any. */
  readonly choices: readonly string[];
}

/** Placeholders that mean a path in the help. */
const PATHS = /<(file|folder|path)>/;

/** The commands of a program, without those that are hidden and without `help`. */
export function commandTree(command: Command, above: readonly string[] = []): CommandNode {
  const help = command.createHelp();
  const words = command.parent === null ? [] : [...above, command.name()];
  const inner = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  return {
    path: words.join(' '),
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).map(optionNode),
    commands: inner.map((one) => commandTree(one, words)),
  };
}

function optionNode(option: Option): OptionNode {
  const isFlag = !option.required && !option.optional;
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    value: isFlag ? 'none' : PATHS.test(option.flags) ? 'file' : 'other',
    choices: option.argChoices ?? [],
  };
}

/** The command and all below it. */
export function allCommands(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.commands.flatMap(allCommands)];
}
