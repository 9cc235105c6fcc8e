import type { Command } from 'commander';
import { diffLines, diffPlans } from '@taskrunner/core/plan';
import type { InputOptions } from '../packs/input-arguments';
import type { OfflineOptions } from '../packs/offline-setting';
import { planOffline } from '../packs/plan-offline';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { withInputs, withOffline, withOutput, isJson } from './options';
import { refuse } from './plan.command';

interface Options extends OfflineOptions, InputOptions {
  readonly output: string;
  readonly inputsB?: string;
}

export function registerDiff(program: Command, context: Context): void {
  withOutput(withOffline(withInputs(program.command('diff <before> <after>'))))
    .description('compare the plans of two packs, step by step; exit code 0: the plans are the same, 1: they differ')
    .option('--inputs-b <file>', 'inputs of the second pack (default: the inputs of the first)')
    .action((before: string, after: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const first = await planOffline(before, options, context);
        if (first.kind === 'refused') return refuse(first, options.output, terminal);
        const { inputsB } = options;
        const second = await planOffline(
          after,
          inputsB === undefined ? options : { ...options, inputs: inputsB },
          context,
        );
        if (second.kind === 'refused') return refuse(second, options.output, terminal);
        const diff = diffPlans(first.planned.plan, second.planned.plan);
        if (isJson(options)) terminal.print(JSON.stringify(diff));
        else {
          for (const line of diffLines(diff)) terminal.print(safeLine(line));
          terminal.print(
            diff.same ? 'the plans are the same' : `plan hash    ${diff.planHash.before} → ${diff.planHash.after}`,
          );
        }
        return diff.same ? EXIT.OK : EXIT.FAILED;
      }, before),
    );
}
