import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { isDigest, isJsonObject, isOver, type JsonObject } from '@taskrunner/core/foundation';
import type { PackSource } from '@taskrunner/core/operations';
import { parsePackReference } from '@taskrunner/core/pack';
import { readInputs, type InputFile, type InputOptions } from '../../packs/input-arguments';
import { isThere, loadPack } from '../../packs/pack-argument';
import { inputRulesOf } from '../../packs/plan-offline';
import { connectIfNamed, withConnection, type ConnectionOptions } from '../../server/connection';
import { isCancelMeant } from '../../terminal/cancel-question';
import { requestCancel } from '../../server/request-cancel';
import { failureOf } from '../../server/failure';
import { followRun } from '../../server/follow-run';
import type { RunView } from '../../server/run-views';
import type { Server } from '../../server/server';
import { CliError } from '../../terminal/cli-error';
import { EXIT, exitOfRun, type ExitCode } from '../../terminal/exit-code';
import type { InputRules } from '../../packs/input-hints';
import { Interrupts } from '../../terminal/interrupts';
import { JsonDisplay } from '../../terminal/json-display';
import { NdjsonDisplay } from '../../terminal/ndjson-display';
import { PlainDisplay } from '../../terminal/plain-display';
import { reportError } from '../../terminal/report-error';
import type { RunDisplay } from '../../terminal/run-display';
import type { Terminal } from '../../terminal/terminal';
import { TreeDisplay } from '../../terminal/tree-display';
import type { Context } from '../context';
import { isJson, several, withInputs, withOutput } from '../options';
import { describePack, referenceOf } from '../pack-list.command';
import { refuseSpecialFile, refuseUnwritable } from '../../files/special-file';

interface Options extends ConnectionOptions, InputOptions {
  readonly output: string;
  readonly detach?: boolean;
  readonly planHash?: string;
  readonly label?: readonly string[];
  readonly idempotencyKey?: string;
  readonly until: 'end' | 'attention';
  readonly keep?: boolean;
  readonly as?: string;
  readonly evidence?: string;
  readonly resume?: string | true;
}

/** Options that have no meaning with a server. */
const LOCAL_OPTIONS = ['keep', 'as', 'evidence', 'resume'] as const;

export function registerRun(program: Command, context: Context): void {
  withConnection(withOutput(withInputs(program.command('run [pack]'))))
    .description(
      'run a pack and follow it; without a server, in this process. Ctrl-C leaves a run on a server and interrupts another one; a second Ctrl-C asks whether to cancel it',
    )
    .option(
      '--plan-hash <hash|file>',
      'run only if the plan has this hash: a hash, or a file with the JSON output of `taskrunner plan`',
    )
    .option('--label <name=value>', 'label of the run', several)
    .option('--detach', 'exit after submission, without following the run')
    .option('--idempotency-key <key>', 'key that makes the request idempotent: the same key returns the first run')
    .addOption(new Option('--until <what>', 'when to stop following').choices(['end', 'attention']).default('end'))
    .option('--evidence <file>', 'without a server: file for the evidence (default: <run>.evidence.tar)')
    .option(
      '--keep',
      'without a server: keep the run, so that list, show, logs, evidence and rerun can read it; forget deletes it',
    )
    .option('--as <name>', 'without a server: decide at gates as a second local person; the evidence says so')
    .option('--resume [run]', 'without a server: go on with an interrupted run (default: the newest one)')
    .action((named: string | undefined, options: Options) => {
      return context.run(async () => {
        const { terminal } = context;
        if (options.resume === undefined) packArgument(named);
        const server = await connectIfNamed(options, context.env);
        if (server === null) return runWithoutServer(named, options, context);
        refuseLocalOptions(options);
        const argument = packArgument(named);
        const { source, shown } = await packAt(argument);
        let run: RunView;
        const rules = await inputRules(server, argument, source);
        try {
          run = await submit(server, await requestOf(server, argument, source, options, context, rules), options);
        } catch (error) {
          return reportError(error, terminal, shown, rules);
        }
        if (options.detach) {
          printAccepted(run, options.output, terminal);
          return EXIT.OK;
        }
        const display = displayFor(options.output, terminal);
        display.accepted(run);
        return followAndReport(server, run.runId, options.until, display, terminal, options.output);
      }, named);
    });
}

function packArgument(named: string | undefined): string {
  if (named !== undefined) return named;
  throw new CliError('CLI_USAGE', "missing required argument 'pack'", 'See the usage with --help.');
}

function refuseLocalOptions(options: Options): void {
  const supplied = LOCAL_OPTIONS.filter((name) => options[name] !== undefined);
  if (supplied.length === 0) return;
  throw new CliError(
    'CLI_USAGE',
    `${supplied.map((name) => `--${name}`).join(', ')} ${supplied.length === 1 ? 'is' : 'are'} for runs without a server`,
    'Omit the option, or unset the server: TASKRUNNER_SERVER, TASKRUNNER_CONTEXT and the current context.',
  );
}

/** What a run gets when it is submitted, and keeps. */
const FIXED_OPTIONS = {
  input: '-i',
  inputs: '--inputs',
  label: '--label',
  planHash: '--plan-hash',
  idempotencyKey: '--idempotency-key',
} as const;

function refuseNewOptions(options: Options): void {
  const names = Object.keys(FIXED_OPTIONS) as (keyof typeof FIXED_OPTIONS)[];
  const supplied = names.filter((name) => options[name] !== undefined).map((name) => FIXED_OPTIONS[name]);
  if (supplied.length === 0) return;
  throw new CliError(
    'CLI_USAGE',
    `${supplied.join(', ')}: a run that goes on has the inputs, labels and plan that it was started with`,
    'Omit the option, or start another run without --resume.',
  );
}

export function cannotDetach(): CliError {
  return new CliError(
    'CLI_USAGE',
    '--detach requires a server: a run without one ends with this process',
    'Name a server with --server URL, or omit --detach.',
  );
}

/** Runs a pack in this process. Its parts are loaded only here. */
async function runWithoutServer(named: string | undefined, options: Options, context: Context): Promise<ExitCode> {
  const { terminal, env } = context;
  if (options.detach) throw cannotDetach();
  const { needsOf, resumeLocally, runLocally } = await import('../../local/run-locally.js');
  const { output, until, as, keep = false, evidence, resume } = options;
  const isForPrograms = isJson({ output });
  const display = displayFor(output, terminal);
  const run = { env, terminal, display, isForPrograms, until, as, keep, evidence };
  if (resume !== undefined) refuseNewOptions(options);
  // Before any step acts.
  if (evidence !== undefined) refuseUnwritable(evidence);
  if (resume !== undefined) return resumeLocally(run, resume === true ? null : resume, named ?? null);
  const argument = packArgument(named);
  const { source, shown } = await packAt(argument);
  let rules: InputRules = [];
  try {
    return await runLocally(run, {
      ...{ pack: source === null ? argument : resolve(argument), needs: needsOf(source), original: null },
      submit: async (server, recordRequest) => {
        rules = await inputRules(server, argument, source);
        const { body, files } = await readRequest(argument, source, options, context, rules);
        await recordRequest({ body: body as JsonObject, files, rules, labels: labelsOf(options.label ?? []) });
        for (const file of files) await server.upload(file);
        return submit(server, body, options);
      },
    });
  } catch (error) {
    return reportError(error, terminal, shown, rules);
  }
}

/** The pack of an argument: a local one, or (`source` null) one that the server fetches by name. */
export async function packAt(
  argument: string,
): Promise<{ readonly source: PackSource | null; readonly shown: string }> {
  const isPublished = parsePackReference(argument) !== null && !(await isThere(argument));
  return isPublished ? { source: null, shown: argument } : loadPack(argument);
}

/** Pack and inputs in the form of requests. Files among the inputs are uploaded. */
export async function requestOf(
  server: Server,
  argument: string,
  source: PackSource | null,
  options: InputOptions,
  context: Context,
  rules: InputRules,
): Promise<object> {
  const { body, files } = await readRequest(argument, source, options, context, rules);
  for (const file of files) await server.upload(file);
  return body;
}

/** The same, with the files that are to be uploaded. */
async function readRequest(
  argument: string,
  source: PackSource | null,
  options: InputOptions,
  context: Context,
  rules: InputRules,
): Promise<{ readonly body: object; readonly files: readonly InputFile[] }> {
  const files: InputFile[] = [];
  const inputs = await readInputs(options, rules, context.readStdin, (file) => files.push(file));
  // The server fetches a published pack itself.
  return { body: source === null ? { pack: argument, inputs } : { ...bodyOf(source), inputs }, files };
}

/** Declarations of the inputs of a local pack, or of one that the server describes. */
export async function inputRules(server: Server, argument: string, source: PackSource | null): Promise<InputRules> {
  if (source !== null) return inputRulesOf(source);
  const { inputs } = await describePack(server, referenceOf(argument));
  return inputs as unknown as InputRules;
}

function bodyOf({ manifest, files }: PackSource): object {
  return {
    manifest,
    files: files.map(({ path, bytes, executable }) => ({
      path,
      contentBase64: Buffer.from(bytes).toString('base64'),
      executable,
    })),
  };
}

async function submit(server: Server, pack: object, options: Options): Promise<RunView> {
  const { planHash, receipt } = await readPin(options.planHash);
  const body = {
    ...pack,
    ...(planHash === null ? {} : { planHash }),
    ...(receipt === null ? {} : { receipt: receipt as Record<string, string> }),
    labels: labelsOf(options.label ?? []),
  };
  return server.submit(body, options.idempotencyKey ?? randomUUID());
}

/** `--plan-hash`: a hash, or a file with the JSON of `plan`, whose receipt then explains a difference. */
export async function readPin(supplied: string | undefined) {
  if (supplied === undefined) return { planHash: null, receipt: null };
  if (isDigest(supplied)) return { planHash: supplied, receipt: null };
  refuseSpecialFile(supplied);
  try {
    const document: unknown = JSON.parse(await readFile(supplied, 'utf8'));
    const { planHash, receipt } = document as { planHash?: unknown; receipt?: unknown };
    if (isDigest(planHash)) return { planHash, receipt: isJsonObject(receipt as never) ? (receipt as object) : null };
  } catch (error) {
    throw wrongPin(error);
  }
  throw wrongPin(null);
}

function wrongPin(cause: unknown): CliError {
  const help = 'Use sha256:… or the path of a file with the output of `taskrunner plan --output json`.';
  return new CliError('CLI_USAGE', '--plan-hash is neither a hash nor the JSON of a plan', help, [], { cause });
}

/** `--label name=value`, repeatable. */
export function labelsOf(written: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    written.map((label) => {
      const equals = label.indexOf('=');
      if (equals < 1)
        throw new CliError('CLI_USAGE', 'a label must have the form name=value', 'Use --label ticket=SEC-42.');
      return [label.slice(0, equals), label.slice(equals + 1)];
    }),
  );
}

/** What is printed of a run that is not followed. */
export function printAccepted(run: RunView, output: string, terminal: Terminal): void {
  if (output === 'json') terminal.print(JSON.stringify(run));
  else if (output === 'ndjson') new NdjsonDisplay(terminal).accepted(run);
  else terminal.print(run.runId);
}

const CANCELLED_HERE = 'cancelled from the command line';

/** The display for a format: a tree for a person at a terminal, otherwise lines. */
export function displayFor(output: string, terminal: Terminal): RunDisplay {
  if (output === 'ndjson') return new NdjsonDisplay(terminal);
  if (output === 'json') return new JsonDisplay(terminal);
  return terminal.isInteractive ? new TreeDisplay(terminal) : new PlainDisplay(terminal);
}

/**
 * Follows a run. The first Ctrl-C detaches from it. A second one requests its cancellation, on a terminal after a question, and continues to
 * follow.
 */
export async function followAndReport(
  server: Server,
  runId: string,
  until: 'end' | 'attention',
  display: RunDisplay,
  terminal: Terminal,
  output: string,
): Promise<ExitCode> {
  const leave = new AbortController();
  const over = new AbortController();
  const onEnd = (): void => over.abort();
  const interrupts = new Interrupts({
    onFirst: () =>
      terminal.say(
        `Press Ctrl-C again within 2 seconds to ${terminal.isInteractive ? 'be asked whether to cancel' : 'cancel'} the run. Otherwise it continues in the background.`,
      ),
    onDetach: () => leave.abort(),
    onSecond: () => {
      const cancel = async (): Promise<void> => {
        if (!(await isCancelMeant(runId, terminal, display, over.signal))) return interrupts.reset();
        await requestCancel(() => server.client.cancel(runId, { reason: CANCELLED_HERE }), { runId, terminal });
      };
      void cancel();
    },
    onThird: () => leave.abort(),
  });
  try {
    const { isInteractive } = terminal;
    const run = await followRun({ server, runId, display, until, signal: leave.signal, onEnd, isInteractive });
    if (!isOver(run.status)) return EXIT.WAITS_FOR_PERSON;
    return exitOfRun(run.status, run.error);
  } catch (error) {
    if (!leave.signal.aborted) throw lostWhileFollowing(error, runId);
    if (!isJson({ output })) {
      terminal.say('detached; the run continues');
      terminal.say(`help: Follow it with: taskrunner logs ${runId}`);
    }
    return EXIT.INTERRUPTED;
  } finally {
    // Whatever ended the following, nobody answers for a run that is not followed.
    over.abort();
    interrupts.close();
  }
}

/** The server is away for too long. Its remedy would be to repeat the command, which would start another run. */
function lostWhileFollowing(error: unknown, runId: string): unknown {
  const failure = failureOf(error);
  if (failure?.code !== 'CLI_SERVER_UNREACHABLE') return error;
  const help = `The run does not depend on this connection. When the server is back, follow it with: taskrunner logs ${runId}`;
  return new CliError('CLI_SERVER_UNREACHABLE', failure.message, help, [], { cause: error });
}
