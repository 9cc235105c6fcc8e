import type { Command } from 'commander';
import { printPackSchema } from '@taskrunner/core/pack';
import { EXIT } from '../terminal/exit-code';
import type { Context } from './context';

export function registerSchema(program: Command, context: Context): void {
  program
    .command('schema')
    .description('print the JSON Schema of packs')
    .action(() =>
      context.run(() => {
        context.terminal.print(printPackSchema().trimEnd());
        return Promise.resolve(EXIT.OK);
      }),
    );
}
