import { Option, type Command } from 'commander';
import type { ConnectionOptions } from '../server/connection';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';

/** Collects the values of an option that may be repeated. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `--inputs` and `-i`. */
export function withInputs(command: Command): Command {
  return command
    .option('--inputs <file>', 'file with the inputs by name, YAML or JSON; - reads stdin')
    .option(
      '-i, --input <name=value>',
      'one input; name=@file reads it from a file (`run` uploads the file for inputs of type file)',
      several,
    );
}

/** `--output`: text for people, or JSON for programs. */
export function withOutput(command: Command, ...formats: readonly string[]): Command {
  return command.addOption(
    new Option('--output <format>', 'output format').choices(['text', ...formats]).default('text'),
  );
}

/** Of commands that print what a server answers. */
export interface ServerOptions extends ConnectionOptions {
  readonly output: string;
}

/** Prints a value as JSON, or as lines for people: each is one line, whatever it holds. */
export function printAs(
  { terminal }: Context,
  { output }: Pick<ServerOptions, 'output'>,
  value: unknown,
  lines: () => readonly string[],
): void {
  if (output === 'json') terminal.print(JSON.stringify(value));
  else for (const line of lines()) terminal.print(safeLine(line));
}

/** Of commands that plan without a server. */
export function withOffline(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file of the target installation (default: TASKRUNNER_CONFIG)')
    .option('--sealed', 'assume that the installation seals steps')
    .option('--executors <file>', 'file with the descriptors of executors that the installation has added');
}
