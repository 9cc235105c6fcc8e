import { basename } from 'node:path';
import type { Command } from 'commander';
import type { TrustedKey } from '@taskrunner/core/evidence';
import { trustEntry } from '../evidence/trust-entry';
import { readTrustFile } from '../evidence/trust-file';
import { bytesOf } from '../packs/pack-argument';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';

interface Options {
  readonly trust?: string;
  readonly usage: string;
  readonly keyid?: string;
  readonly start?: string;
}

/** `key`: prints a public key of a trust file as PEM, for other verifiers; or the entry of a key file for a trust file. */
export function registerKey(program: Command, context: Context): void {
  program
    .command('key')
    .description(
      'print a public key of a trust file as PEM, for tools such as cosign; or the entry of a key file for a trust file',
    )
    .argument('[file]', 'key file in PEM, private or public: print its entry for a trust file')
    .option('--trust <file>', 'trust file (taskrunner.trust.v1) with the key to print')
    .requiredOption(
      '--usage <usage>',
      'usage of the key: admission, ledger, run-open, run-sealed, bundle, checkpoint, pack or summary',
    )
    .option('--keyid <keyid>', 'id of the key, if the file has several keys of that usage')
    .option('--start <time>', 'RFC 3339 time from which the entry of a key file is valid (default: now)')
    .action((file: string | undefined, options: Options) => {
      const { trust, usage, start } = options;
      return context.run(async () => {
        if (file !== undefined && trust === undefined) {
          const pem = (await bytesOf(file)).toString('utf8');
          const entry = trustEntry(file, pem, usageOf(usage), start === undefined ? new Date() : timeOf(start));
          for (const line of otherUse(file, usage)) context.terminal.say(line);
          context.terminal.print(JSON.stringify(entry, null, 2));
        } else if (file === undefined && trust !== undefined)
          context.terminal.print(pemOf(chosen((await readTrustFile(trust)).keys, { ...options, trust })));
        else throw new CliError('CLI_USAGE', 'name a key file or --trust', 'Use `taskrunner key --help`.');
        return EXIT.OK;
      }, trust ?? file);
    });
}

function usageOf(usage: string): string {
  if (USAGES.has(usage)) return usage;
  throw new CliError('CLI_USAGE', `${usage} is not a usage of a key`, `Use one of ${[...USAGES].join(', ')}.`);
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new CliError('CLI_USAGE', `${text} is not a time of RFC 3339`, 'Write it as in 2026-11-29T08:00:00Z.');
}

/** A warning if the file has the name of a key with another usage, which is what an installation uses it for. */
function otherUse(file: string, usage: string): readonly string[] {
  const name = basename(file).replace(/(\.pub)?\.pem$/, '');
  if (name === usage || !USAGES.has(name)) return [];
  return [
    safeLine(`warning: ${file} has the name of the key for ${name}, and its entry is for ${usage}`),
    'help: Evidence is refused if its key is not trusted for its use. See `keys` in the configuration.',
  ];
}

const USAGES: ReadonlySet<string> = new Set([
  ...['admission', 'ledger', 'run-open', 'run-sealed', 'bundle', 'checkpoint', 'pack', 'summary'],
]);

function chosen(
  keys: readonly TrustedKey[],
  { trust, usage, keyid }: Options & { readonly trust: string },
): TrustedKey {
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
