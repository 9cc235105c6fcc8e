import { numberOf } from '../number-option';
import type { Command } from 'commander';
import { gateElsewhere } from '../../local/gate-elsewhere';
import { readDocumentAt } from '../../packs/input-arguments';
import { connectIfNamed, withConnection } from '../../server/connection';
import { runIdOf, stepOf } from '../../server/run-argument';
import { executionOf, OUTCOMES } from '../../decisions/outcomes';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import type { Context } from '../context';
import { printAs, withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions {
  readonly outcome: string;
  readonly reason: string;
  readonly execution?: string;
  readonly outputs?: string;
}

export function registerResolve(program: Command, context: Context): void {
  withConnection(withOutput(program.command('resolve <run> <step>')))
    .description('record the outcome of a step whose outcome is unknown (needs_attention)')
    .requiredOption('--outcome <outcome>', 'outcome of the execution: succeeded, failed or retry')
    .requiredOption('--reason <text>', 'how the outcome was determined; stored in the signed record')
    .option(
      '--execution <number>',
      'number of the execution that was investigated (default: the execution that needs attention)',
    )
    .option('--outputs <file>', 'with succeeded: file with the outputs of the step, YAML or JSON')
    .action((named: string, step: string, options: Options) =>
      context.run(async () => {
        const outcome = OUTCOMES.find((known) => known === options.outcome);
        if (outcome === undefined)
          throw new CliError(
            'CLI_USAGE',
            `--outcome must be one of ${OUTCOMES.join(', ')}`,
            'Use one of these values.',
          );
        const server = await connectIfNamed(options, context.env);
        if (server === null) throw await gateElsewhere(context.env, named, 'steps');
        const run = await runIdOf(server, named);
        const found = await stepOf(server, run, step);
        const execution =
          options.execution === undefined
            ? executionOf(found.error)
            : numberOf('--execution', options.execution, { least: 1 });
        const outputs = options.outputs === undefined ? null : await readDocumentAt(options.outputs);
        const receipt = await server.resolve(run, step, {
          execution,
          outcome,
          reason: options.reason,
          ...(outputs === null ? {} : { outputs: outputs as Record<string, unknown> }),
        });
        printAs(context, options, receipt, () => [`${step}, execution ${execution}: ${outcome}`]);
        return EXIT.OK;
      }),
    );
}
