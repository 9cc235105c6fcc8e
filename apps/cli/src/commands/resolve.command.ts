import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Json } from '@taskrunner/core';
import { readDocumentFile } from '../packs/input-arguments';
import { unreadable } from '../packs/pack-argument';
import { connect, withConnection, type ConnectionOptions } from '../server/connection';
import { getStep, resolve } from '../server/run-api';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { withOutput } from './options';

interface Options extends ConnectionOptions {
  readonly output: string;
  readonly outcome: string;
  readonly reason: string;
  readonly execution?: string;
  readonly outputs?: string;
}

const OUTCOMES = ['succeeded', 'failed', 'retry'] as const;

export function registerResolve(program: Command, context: Context): void {
  withConnection(withOutput(program.command('resolve <run> <step>'), 'json'))
    .description('say what a step did whose outcome nobody knows (needs_attention)')
    .requiredOption('--outcome <outcome>', OUTCOMES.join(', '))
    .requiredOption('--reason <text>', 'how you know; it stands in the signed record')
    .option('--execution <number>', 'the execution that was looked into; left out: the one that needs attention now')
    .option('--outputs <file>', 'with succeeded: what the step is to have returned, YAML or JSON')
    .action((run: string, step: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const outcome = OUTCOMES.find((known) => known === options.outcome);
        if (outcome === undefined)
          throw new CliError('CLI_USAGE', `--outcome is one of ${OUTCOMES.join(', ')}`, 'Give one of them.');
        const client = await connect(options, context.env);
        const execution =
          options.execution === undefined
            ? executionOf((await getStep(client, run, step)).error)
            : Number(options.execution);
        const outputs = options.outputs === undefined ? null : await readOutputs(options.outputs);
        const receipt = await resolve(client, run, step, {
          execution,
          outcome,
          reason: options.reason,
          ...(outputs === null ? {} : { outputs }),
        });
        if (options.output === 'json') terminal.print(JSON.stringify(receipt));
        else terminal.print(safeLine(`${step}, execution ${execution}: ${outcome}`));
        return EXIT.OK;
      }),
    );
}

/** The execution that needs attention, as the step shows it. */
function executionOf(error: unknown): number {
  const execution = (error as { execution?: unknown } | null)?.execution;
  if (typeof execution === 'number') return execution;
  throw new CliError(
    'CLI_USAGE',
    'the step needs no attention',
    'See `taskrunner show RUN`; or name the execution with --execution.',
  );
}

async function readOutputs(path: string): Promise<Json> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return readDocumentFile(bytes, path);
}
