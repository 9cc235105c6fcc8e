import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { scaffold } from '../packs/scaffold';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { printAs, withOutput } from './options';
import { makeFolders } from '@taskrunner/infrastructure/files';

export function registerInit(program: Command, context: Context): void {
  withOutput(program.command('init <name>'))
    .description('create a pack from a template that validates, plans, simulates and passes its tests')
    .option('--dir <folder>', 'folder to create (default: the name of the pack)')
    .action((name: string, options: { readonly dir?: string; readonly output: string }) =>
      context.run(async () => {
        if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
          throw new CliError(
            'CLI_USAGE',
            'the name of a pack must be a DNS label',
            'Use at most 63 lowercase letters, digits and hyphens.',
          );
        const folder = options.dir ?? name;
        // The folder must be new: existing files are never overwritten.
        await makeFolders(dirname(folder));
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
        const files = Object.entries(scaffold(name)).map(([path, text]) => ({ path: join(folder, path), text }));
        for (const { path, text } of files) {
          await makeFolders(dirname(path));
          await writeFile(path, text, { flag: 'wx' });
        }
        const paths = files.map(({ path }) => path);
        printAs(context, options, { folder, files: paths }, () => paths);
        context.terminal.say(safeLine(`next: taskrunner test ${folder}`));
        return EXIT.OK;
      }, name),
    );
}
