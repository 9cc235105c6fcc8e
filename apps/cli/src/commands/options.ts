import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ConnectionOptions } from '../server/connection';
import { safeLine, wrapped } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import { tableLines, type Column } from '../lists/table';
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

/** Formats of `--output`: lines for people, of which `text` is another name, or JSON for programs. */
type OutputFormat = 'table' | 'text' | 'json' | 'ndjson';

const OUTPUT_FORMATS: readonly string[] = ['table', 'json', 'ndjson', 'text'] satisfies OutputFormat[];

/** `--output`. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option(
      '--output <format>',
      'output format; json: one JSON value, ndjson: one JSON value on each line, text: the same as table',
    )
      .choices(OUTPUT_FORMATS)
      .argParser((format: string) => {
        if (OUTPUT_FORMATS.includes(format)) return format;
        const hasFile = command.options.some(({ long }) => long === '--file');
        throw new InvalidArgumentError(
          `Allowed choices are ${OUTPUT_FORMATS.join(', ')}.${hasFile ? ` To name the file to write, use --file ${format}.` : ''}`,
        );
      })
      .default('table'),
  );
}

/** True if stdout carries only JSON. */
export function isJson({ output }: { readonly output?: string | undefined }): boolean {
  return output === 'json' || output === 'ndjson';
}

/** Of commands that print what a server answers. */
export interface ServerOptions extends ConnectionOptions {
  readonly output: string;
}

/** Prints a value as JSON, or as lines for people: each is one line, whatever it holds. */
export function printAs(
  { terminal }: Context,
  options: Pick<ServerOptions, 'output'>,
  value: unknown,
  lines: () => readonly string[],
): void {
  if (isJson(options)) terminal.print(JSON.stringify(value));
  else for (const line of lines()) terminal.print(safeLine(line));
}

/** The format of a command in a group that has the option too, as `maintain` has. It may stand before or after the command's name. */
export function formatOf(command: Command): { readonly output: string } {
  const own = command.opts<{ readonly output: string }>();
  const ofGroup = command.parent?.opts<{ readonly output?: string }>() ?? {};
  return isJson(ofGroup) && !isJson(own) ? { output: ofGroup.output ?? own.output } : own;
}

/** A list to print. */
interface PrintedList<Row> {
  readonly items: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Said on stderr if there are no items, such as `no runs`. */
  readonly none: string;
  /** The JSON value; default `{items}`. */
  readonly value?: unknown;
}

/** Prints a list: as one JSON value, as an item on each line (`ndjson`), or as a table. */
export function printList<Row>(
  { terminal }: Context,
  { output }: Pick<ServerOptions, 'output'>,
  { items, columns, none, value = { items } }: PrintedList<Row>,
): void {
  if (output === 'json') terminal.print(JSON.stringify(value));
  else if (output === 'ndjson') for (const item of items) terminal.print(JSON.stringify(item));
  else if (items.length === 0) terminal.say(none);
  else for (const line of tableLines(columns, items, widthOf(terminal))) terminal.print(line);
}

/** Columns to which output is fitted. Infinity if it is not read at a terminal. */
export function widthOf(terminal: Terminal): number {
  return terminal.isInteractive ? terminal.columns : Infinity;
}

/** Prints lines. On a terminal they are wrapped to its width, so that continuation lines are indented. */
export function printLines({ terminal }: Pick<Context, 'terminal'>, lines: readonly string[]): void {
  for (const line of lines) for (const part of wrapped(line, widthOf(terminal))) terminal.print(part);
}

/** Of commands that plan without a server. */
export function withOffline(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file of the target installation (default: TASKRUNNER_CONFIG)')
    .option('--sealed', 'assume an installation that executes steps in sealed mode')
    .option('--executors <file>', 'file with the descriptors of executors that the installation has added');
}
