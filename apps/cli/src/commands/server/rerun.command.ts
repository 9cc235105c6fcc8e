import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@taskrunner/core/foundation';
import { Option, type Command } from 'commander';
import { readInputs, splitAssignment } from '../../packs/input-arguments';
import { connect, withConnection } from '../../server/connection';
import { runIdOf } from '../../server/run-argument';
import { EXIT } from '../../terminal/exit-code';
import type { Context } from '../context';
import { several, withOutput, type ServerOptions } from '../options';
import { displayFor, followAndReport, printAccepted } from './run.command';

interface Options extends ServerOptions {
  readonly from: string;
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
      'where the rerun starts: failed, start, or the id of a step; this step and all steps after it are executed again',
      'failed',
    )
    .option('--inputs <file>', 'file with the sensitive inputs, YAML or JSON; - reads stdin')
    .option('-i, --input <name=value>', 'sensitive input as text; name=@file reads it from a file', several)
    .option('--detach', 'exit after submission, without following the run')
    .option('--idempotency-key <key>', 'key that makes the request idempotent: the same key returns the first rerun')
    .addOption(new Option('--until <what>', 'when to stop following').choices(['end', 'attention']).default('end'))
    .action((named: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const server = await connect(options, context.env);
        const runId = await runIdOf(server, named);
        const names = (options.input ?? []).map((written) => splitAssignment(written).name);
        const texts = names.map((name) => ({ name, type: 'string' })) as unknown as Parameters<typeof readInputs>[1];
        const sensitive = await readInputs(options, texts, context.readStdin);
        const key = options.idempotencyKey ?? randomUUID();
        const run = await server.rerun(runId, bodyOf(options.from, sensitive), key);
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

function bodyOf(from: string, sensitive: JsonObject) {
  return { from, ...(Object.keys(sensitive).length === 0 ? {} : { sensitive }) };
}
