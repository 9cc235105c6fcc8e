import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { scaffold } from '../packs/scaffold';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';

export function registerInit(program: Command, context: Context): void {
  program
    .command('init <name>')
    .description('create a pack from a template that validates, plans, simulates and passes its tests')
    .option('--dir <folder>', 'folder to create (default: the name of the pack)')
    .action((name: string, options: { readonly dir?: string }) =>
      context.run(async () => {
        if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
          throw new CliError(
            'CLI_USAGE',
            'the name of a pack must be a DNS label',
            'Use at most 63 lowercase letters, digits and hyphens.',
          );
        const folder = options.dir ?? name;
        // The folder must be new: existing files are never overwritten.
        await mkdir(dirname(folder), { recursive: true });
        await mkdir(folder).catch((error: unknown) => {
          throw new CliError(
            'CLI_FILE',
            `${folder} cannot be created, or it exists already`,
            'Choose another folder with --dir.',
            [],
            {
              cause: error,
            },
          );
        });
        for (const [path, text] of Object.entries(scaffold(name))) {
          await mkdir(dirname(join(folder, path)), { recursive: true });
          await writeFile(join(folder, path), text, { flag: 'wx' });
          context.terminal.print(safeLine(join(folder, path)));
        }
        context.terminal.say(safeLine(`next: taskrunner test ${folder}`));
        return EXIT.OK;
      }, name),
    );
}
