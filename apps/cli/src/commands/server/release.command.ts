import type { Command } from 'commander';
import { connect, withConnection } from '../../server/connection';
import { runIdOf } from '../../server/run-argument';
import { EXIT } from '../../terminal/exit-code';
import type { Context } from '../context';
import { printAs, withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions {
  readonly reason: string;
  readonly withhold?: readonly string[];
}

export function registerRelease(program: Command, context: Context): void {
  withConnection(withOutput(program.command('release <run>')))
    .description('retry the seal of evidence that is blocked (evidence.status: blocked)')
    .requiredOption('--reason <text>', 'reason, stored in the signed record; must not contain the secret')
    .option('--withhold <path...>', 'files of the bundle to withhold; omit this option if the cause was removed')
    .action((named: string, options: Options) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const run = await runIdOf(server, named);
        const paths = [...(options.withhold ?? [])];
        const receipt = await server.release(run, { paths, reason: options.reason });
        const without = paths.length === 0 ? '' : ` without ${paths.join(', ')}`;
        printAs(context, options, receipt, () => [`the seal is retried${without}`]);
        return EXIT.OK;
      }),
    );
}
