import type { Command } from 'commander';
import { serve } from '../serve/serve';
import { EXIT } from '../terminal/exit-code';
import type { Context } from './context';
import { CONFIG, settingsOf } from './database/database-settings';

/** `taskrunner serve`: webservice and worker in one process, for a small installation. */
export function registerServe(program: Command, context: Context): void {
  program
    .command('serve')
    .description('run webservice and worker in one process, for a small installation; SIGTERM or Ctrl-C stops it')
    .option(...CONFIG)
    .action(({ config }: { readonly config?: string }) =>
      context.run(async () => {
        const configuration = await settingsOf(config, context, 'webservice');
        await serve(configuration, ({ url, health }) =>
          // One line of JSON, as the two services print it.
          context.terminal.print(JSON.stringify({ ready: 'serve', url, health })),
        );
        return EXIT.OK;
      }, config),
    );
}
