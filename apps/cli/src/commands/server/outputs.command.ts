import type { Command } from 'commander';
import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { serverOrKept } from '../../local/server-or-kept';
import { withConnection } from '../../server/connection';
import { runIdOf, stepOf } from '../../server/run-argument';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { remedyForName } from '../../terminal/hints/known-names';
import { messageLines } from '../../terminal/run-lines';
import { safeLine } from '../../terminal/safe-text';
import type { Column } from '../../lists/table';
import type { Context } from '../context';
import { isJson, printAs, printList, withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions {
  readonly name?: string;
}

/** What returned the outputs. `outputsRef`: where they are if they are not in the answer. */
interface Shown {
  readonly status: string;
  /** Of a step. */
  readonly kind?: string;
  readonly outputs?: unknown;
  readonly outputsRef?: unknown;
  /** Of a run. */
  readonly message?: string | null;
  readonly messageError?: { readonly code: string; readonly message: string } | null;
}

/** `outputs`: the values that a run or a step returned. */
export function registerOutputs(program: Command, context: Context): void {
  withConnection(withOutput(program.command('outputs <run> [step]')))
    .description('print the outputs of a run, or of one of its steps')
    .option('--name <name>', 'print only the value of this output: a text unchanged, any other value as JSON')
    .action((named: string, step: string | undefined, options: Options) =>
      context.run(async () => {
        const { server } = await serverOrKept(options, context.env);
        const runId = await runIdOf(server, named);
        const shown: Shown = step === undefined ? await server.client.run(runId) : await stepOf(server, runId, step);
        const { outputs = null, outputsRef = null } = shown;
        if (outputs === null && outputsRef !== null && (shown.kind === 'map' || shown.kind === 'loop'))
          throw new CliError(
            'CLI_OUTPUT_NOT_FOUND',
            `the outputs of ${step} are the list of those of its ${shown.kind === 'map' ? 'items' : 'iterations'}, which are printed one by one`,
            `Print those of the first: taskrunner outputs ${runId} "${step}[0]"`,
          );
        if (outputs === null && outputsRef !== null)
          throw new CliError(
            'CLI_OUTPUT_NOT_FOUND',
            `the outputs of ${step ?? runId} are not available from the server`,
            'They are deleted, or too large to be shown. See the evidence of the run.',
          );
        const values = isJsonObject(outputs as Json) ? (outputs as JsonObject) : {};
        if (options.name === undefined) {
          printAll(context, options, values, `${step ?? runId} has no outputs (${shown.status})`);
          if (!isJson(options)) for (const line of messageLines(shown)) context.terminal.say(line);
        } else printOne(context, options, valueOf(values, options.name, step ?? runId));
        return EXIT.OK;
      }, named),
    );
}

const COLUMNS: readonly Column<readonly [string, Json]>[] = [
  { title: 'OUTPUT', text: ([name]) => name },
  { title: 'VALUE', text: ([, value]) => textOf(value) },
];

function printAll(context: Context, options: Options, values: JsonObject, none: string): void {
  if (isJson(options)) printAs(context, options, values, () => []);
  else printList(context, options, { items: Object.entries(values), columns: COLUMNS, none });
}

/** On a terminal the text is escaped, so that it cannot disguise lines. A program gets it unchanged. */
function printOne({ terminal }: Context, options: Options, value: Json): void {
  if (isJson(options)) terminal.print(JSON.stringify(value));
  else if (terminal.isInteractive) for (const line of textOf(value).split('\n')) terminal.print(safeLine(line));
  else terminal.print(textOf(value));
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Throws `CLI_OUTPUT_NOT_FOUND`. */
function valueOf(values: JsonObject, name: string, of: string): Json {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value !== undefined) return value;
  throw new CliError(
    'CLI_OUTPUT_NOT_FOUND',
    `${of} has no output ${name}`,
    remedyForName(name, Object.keys(values), {
      are: 'Its outputs are',
      list: 'Omit --name to print all of them.',
      none: 'It has no outputs.',
    }),
  );
}
