import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import { readInputs, splitAssignment } from '../packs/input-arguments';
import { connect, withConnection, type ConnectionOptions } from '../server/connection';
import { rerunRun } from '../server/run-api';
import { EXIT } from '../terminal/exit-code';
import { NdjsonDisplay } from '../terminal/ndjson-display';
import type { Context } from './context';
import { several, withOutput } from './options';
import { displayFor, followAndReport } from './run.command';

interface Options extends ConnectionOptions {
  readonly output: string;
  readonly from: string;
  readonly inputs?: string;
  readonly input?: readonly string[];
  readonly detach?: boolean;
  readonly idempotencyKey?: string;
  readonly until: 'end' | 'attention';
}

export function registerRerun(program: Command, context: Context): void {
  withConnection(withOutput(program.command('rerun <run>'), 'ndjson'))
    .description('do an ended run again and follow it: what succeeded is taken over, gates are asked again')
    .option('--from <where>', 'failed, start, or the id of a step: it and what comes after it is done again', 'failed')
    .option('--inputs <file>', 'the sensitive inputs, YAML or JSON; - for stdin')
    .option('-i, --input <name=value>', 'a sensitive input that is a text, or name=@file', several)
    .option('--detach', 'do not follow')
    .option('--idempotency-key <key>', 'the same key again gives the first rerun')
    .addOption(new Option('--until <what>', 'how long to follow').choices(['end', 'attention']).default('end'))
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
