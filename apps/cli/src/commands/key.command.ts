import type { Command } from 'commander';
import type { TrustedKey } from '@taskrunner/core/evidence';
import { readTrustFile } from '../evidence/trust-file';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import type { Context } from './context';

interface Options {
  readonly trust: string;
  readonly usage: string;
  readonly keyid?: string;
}

/** `key`: prints a public key of a trust file as PEM, for other verifiers. */
export function registerKey(program: Command, context: Context): void {
  program
    .command('key')
    .description('print a public key of a trust file as PEM, for tools such as cosign')
    .requiredOption('--trust <file>', 'trust file (taskrunner.trust.v1)')
    .requiredOption(
      '--usage <usage>',
      'usage of the key: admission, ledger, run-open, run-sealed, bundle, checkpoint, pack or summary',
    )
    .option('--keyid <keyid>', 'id of the key, if the file has several keys of that usage')
    .action((options: Options) =>
      context.run(async () => {
        const trust = await readTrustFile(options.trust);
        context.terminal.print(pemOf(chosen(trust.keys, options)));
        return EXIT.OK;
      }, options.trust),
    );
}

function chosen(keys: readonly TrustedKey[], { trust, usage, keyid }: Options): TrustedKey {
  const ofUsage = keys.filter(({ usages }) => usages.some((one) => one === usage));
  const found = ofUsage.filter((key) => (keyid === undefined ? key.revoked === null : key.keyid === keyid));
  const [key, ...others] = found;
  if (key !== undefined && others.length === 0) return key;
  const named = ofUsage.map((one) => `${one.keyid}${one.revoked === null ? '' : ' (revoked)'}`).join(', ');
  throw new CliError(
    'CLI_USAGE',
    `${trust} has ${found.length} keys for ${usage}${keyid === undefined ? '' : ` with keyid ${keyid}`}`,
    named === '' ? 'Use another --usage.' : `Select one with --keyid: ${named}.`,
  );
}

/** RFC 7468: 64 characters per line. */
function pemOf({ spki }: TrustedKey): string {
  const lines = spki.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----'].join('\n');
}
