import type { Command } from 'commander';
import type { Fault } from '@taskrunner/core/foundation';
import { reviewPack } from '@taskrunner/core/operations';
import { offlineSetting, type OfflineOptions } from '../packs/offline-setting';
import { ANY_TENANT, loadWithInner } from '../packs/plan-offline';
import { EXIT } from '../terminal/exit-code';
import { faultLines, warningLines } from '../terminal/print-faults';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { withOffline, withOutput, isJson } from './options';

interface Options extends OfflineOptions {
  readonly output: string;
}

/** Codes that concern an installation and not the pack. */
const OF_ENVIRONMENT = new Set(['SEALED_INSTALL_REQUIRED', 'SEALED_UNENFORCEABLE']);

export function registerValidate(program: Command, context: Context): void {
  withOutput(withOffline(program.command('validate <pack>')))
    .description('validate a pack, without inputs and without a server')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const { terminal, env } = context;
        const { source, shown } = await loadWithInner(argument, options, env);
        const review = reviewPack(source, await offlineSetting(source, options, env), ANY_TENANT);
        const faults = review.faults.filter(isOfPack);
        const valid = faults.length === 0;
        if (isJson(options)) terminal.print(JSON.stringify({ valid, errors: faults }));
        else if (valid) terminal.print(`${safeLine(shown)} is valid`);
        for (const line of isJson(options) ? [] : faultLines(faults, shown)) terminal.say(line);
        for (const line of warningLines(review.warnings, shown)) terminal.say(line);
        return valid ? EXIT.OK : EXIT.INVALID_INPUT;
      }, argument),
    );
}

/** True unless the fault concerns the inputs, which are not given, or the installation. */
function isOfPack({ code, path }: Fault): boolean {
  return path !== '/inputs' && !path.startsWith('/inputs/') && !OF_ENVIRONMENT.has(code);
}
