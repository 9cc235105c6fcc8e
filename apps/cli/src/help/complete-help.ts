import type { Command } from 'commander';
import { exitCodeLines } from '../terminal/exit-code';
import { ARGUMENTS } from './arguments';
import { EXAMPLES } from './examples';

/** Adds to the help of all commands what their arguments mean, two examples, and the exit codes to the help of the program. */
export function completeHelp(program: Command): void {
  program.addHelpText(
    'after',
    `\nExit codes:\n${exitCodeLines().join('\n')}\n\nThe help of a command has examples: ${program.name()} COMMAND --help`,
  );
  for (const command of program.commands) completeCommand(command, [command.name()]);
}

function completeCommand(command: Command, words: readonly string[]): void {
  for (const argument of command.registeredArguments)
    if (argument.description === '') argument.description = ARGUMENTS[argument.name()] ?? '';
  const examples = EXAMPLES[words.join(' ')];
  if (examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  taskrunner ${example}`).join('\n')}`);
  for (const inner of command.commands) completeCommand(inner, [...words, inner.name()]);
}
