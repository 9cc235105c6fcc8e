import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { graphOf, mermaidOf, svgOf } from '@taskrunner/core/plan';
import type { InputOptions } from '../packs/input-arguments';
import type { OfflineOptions } from '../packs/offline-setting';
import { planOffline } from '../packs/plan-offline';
import { EXIT } from '../terminal/exit-code';
import { unreadable } from '../packs/pack-argument';
import type { Context } from './context';
import { withInputs, withOffline } from './options';
import { refuse } from './plan.command';
import { refuseSpecialFile } from '../files/special-file';

interface Options extends OfflineOptions, InputOptions {
  readonly format: 'mermaid' | 'svg' | 'json';
  readonly out?: string;
}

export function registerGraph(program: Command, context: Context): void {
  withOffline(withInputs(program.command('graph <pack>')))
    .description('print the step graph of a pack, without a server, as Mermaid, SVG or JSON')
    .addOption(new Option('--format <format>', 'output format').choices(['mermaid', 'svg', 'json']).default('mermaid'))
    .option('--out <file>', 'write to this file instead of stdout')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const planning = await planOffline(argument, options, context);
        if (planning.kind === 'refused')
          return refuse(planning, options.format === 'json' ? 'json' : 'table', terminal);
        const { plan, planHash } = planning.planned;
        const graph = graphOf(plan, planHash);
        const text = {
          mermaid: () => mermaidOf(graph),
          svg: () => svgOf(graph, `${plan.pack.name} ${plan.pack.version}`),
          json: () => `${JSON.stringify(graph)}\n`,
        }[options.format]();
        const { out } = options;
        if (out === undefined) terminal.print(text.replace(/\n$/, ''));
        else {
          refuseSpecialFile(out);
          await writeFile(out, text).catch((error: unknown) => {
            throw unreadable(out, error);
          });
        }
        return EXIT.OK;
      }, argument),
    );
}
