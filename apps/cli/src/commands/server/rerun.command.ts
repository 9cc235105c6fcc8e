import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@taskrunner/core/foundation';
import { Option, type Command } from 'commander';
import { readInputs, splitAssignment } from '../../packs/input-arguments';
import type { KeptRuns } from '../../local/kept-runs';
import { serverOrKept } from '../../local/server-or-kept';
import { withConnection } from '../../server/connection';
import { CliError } from '../../terminal/cli-error';
import { runIdOf } from '../../server/run-argument';
import { EXIT, type ExitCode } from '../../terminal/exit-code';
import type { Context } from '../context';
import { isJson, several, withOutput, type ServerOptions } from '../options';
import { cannotDetach, displayFor, followAndReport, printAccepted } from './run.command';

interface Options extends ServerOptions {
  readonly from?: string;
  readonly inputs?: string;
  readonly input?: readonly string[];
  readonly detach?: boolean;
  readonly idempotencyKey?: string;
  readonly until: 'end' | 'attention';
}

export function registerRerun(program: Command, context: Context): void {
  withConnection(withOutput(program.command('rerun <run>')))
    .description(
      'rerun an ended run and follow it; results of succeeded steps are reused, and gates must be approved again',
    )
    .option(
      '--from <where>',
      'where the rerun starts: failed, start, or the id of a step; this step and all steps after it are executed again (default: failed; without a server: start)',
    )
    .option('--inputs <file>', 'file with the sensitive inputs, YAML or JSON; - reads stdin')
    .option('-i, --input <name=value>', 'sensitive input as text; name=@file reads it from a file', several)
    .option('--detach', 'exit after submission, without following the run')
    .option('--idempotency-key <key>', 'key that makes the request idempotent: the same key returns the first rerun')
    .addOption(new Option('--until <what>', 'when to stop following').choices(['end', 'attention']).default('end'))
    .action((named: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const { server, kept } = await serverOrKept(options, context.env);
        const runId = await runIdOf(server, named);
        if (kept !== null) return rerunWithoutServer(kept, runId, options, context);
        const names = (options.input ?? []).map((written) => splitAssignment(written).name);
        const texts = names.map((name) => ({ name, type: 'string' })) as unknown as Parameters<typeof readInputs>[1];
        const sensitive = await readInputs(options, texts, context.readStdin);
        const key = options.idempotencyKey ?? randomUUID();
        const run = await server.rerun(runId, bodyOf(options.from ?? 'failed', sensitive), key);
        if (options.detach) {
          printAccepted(run, options.output, terminal);
          return EXIT.OK;
        }
        const display = displayFor(options.output, terminal);
        display.accepted(run);
        return followAndReport(server, run.runId, options.until, display, terminal, options.output);
      }, named),
    );
}

/** Executes the plan of a kept run in this process. */
async function rerunWithoutServer(
  kept: KeptRuns,
  runId: string,
  options: Options,
  { env, terminal, readStdin }: Context,
): Promise<ExitCode> {
  const { from = 'start', output, until, detach } = options;
  if (detach) throw cannotDetach();
  if (from !== 'start')
    throw new CliError(
      'CLI_USAGE',
      `--from ${from} requires a server: a kept run has no results that can be reused`,
      'Use --from start, or omit it.',
    );
  const { rerunLocally } = await import('../../local/rerun-locally.js');
  const display = displayFor(output, terminal);
  const isForPrograms = isJson({ output });
  const run = { env, terminal, display, isForPrograms, until, as: undefined, keep: true, evidence: undefined };
  return rerunLocally(run, { kept, runId, inputs: options, readStdin });
}

function bodyOf(from: string, sensitive: JsonObject) {
  return { from, ...(Object.keys(sensitive).length === 0 ? {} : { sensitive }) };
}
