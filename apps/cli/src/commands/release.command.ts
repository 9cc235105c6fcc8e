import type { Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../server/connection';
import { releaseEvidence } from '../server/run-api';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { withOutput } from './options';

interface Options extends ConnectionOptions {
  readonly output: string;
  readonly reason: string;
  readonly withhold?: readonly string[];
}

export function registerRelease(program: Command, context: Context): void {
  withConnection(withOutput(program.command('release <run>'), 'json'))
    .description('let evidence be sealed whose seal is blocked (evidence.status: blocked)')
    .requiredOption('--reason <text>', 'why; it stands in the signed record, so never write the secret here')
    .option('--withhold <path...>', 'files of the bundle to withhold; left out: try again, the cause was removed')
    .action((run: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const client = await connect(options, context.env);
        const paths = options.withhold ?? [];
        const receipt = await releaseEvidence(client, run, { paths, reason: options.reason });
        if (options.output === 'json') terminal.print(JSON.stringify(receipt));
        else terminal.print(safeLine(paths.length === 0 ? 'tried again' : `tried again without ${paths.join(', ')}`));
        return EXIT.OK;
      }),
    );
}
