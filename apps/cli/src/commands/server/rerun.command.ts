import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import { readInputs, splitAssignment } from '../../packs/input-arguments';
import { connect, withConnection } from '../../server/connection';
import { rerunRun } from '../../server/run-api';
import { EXIT } from '../../terminal/exit-code';
import { NdjsonDisplay } from '../../terminal/ndjson-display';
import type { Context } from '../context';
import { several, withOutput, type ServerOptions } from '../options';
import { displayFor, followAndReport } from './run.command';

interface Options extends ServerOptions {
  readonly from: string;
  readonly inputs?: string;
  readonly input?: readonly string[];
  readonly detach?: boolean;
  readonly idempotencyKey?: string;
  readonly until: 'end' | 'attention';
}

export function registerRerun(program: Command, context: Context): void {
  withConnection(withOutput(program.command('rerun <run>'), 'ndjson'))
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
    .action((runId: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const client = await connect(options, context.env);
        const names = (options.input ?? []).map((written) => splitAssignment(written).name);
        const texts = names.map((name) => ({ name, type: 'string' })) as unknown as Parameters<typeof readInputs>[1];
        const sensitive = await readInputs(options, texts, context.readStdin);
        const key = options.idempotencyKey ?? randomUUID();
        const run = await rerunRun(client, runId, { from: options.from, sensitive }, key);
        if (options.detach && options.output === 'text') terminal.print(run.runId);
        else if (options.detach) new NdjsonDisplay(terminal).accepted(run);
        if (options.detach) return EXIT.OK;
        const display = displayFor(options.output, terminal);
        display.accepted(run);
        return followAndReport(client, run.runId, options.until, display, terminal, options.output);
      }, runId),
    );
}
