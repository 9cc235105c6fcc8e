import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  isDigest,
  readAuditExport,
  readCheckpointFile,
  readTrust,
  verifyRun,
  verifySignature,
  type Digest,
  type Expectation,
} from '@taskrunner/core';
import { cedarEngine } from '@taskrunner/infrastructure/offline';
import { splitAssignment } from '../packs/input-arguments';
import { unreadable } from '../packs/pack-argument';
import { readBundleFile } from '../packs/read-bundle';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { several } from './options';

interface Options {
  readonly trust: string;
  readonly expect?: readonly string[];
  readonly allowDev?: boolean;
  readonly json?: boolean;
  readonly original?: string;
  readonly checkpoints?: string;
  readonly audit?: string;
}

export function registerVerify(program: Command, context: Context): void {
  program
    .command('verify <bundle>')
    .description('check the evidence of a run: no network, no server, nothing believed but the trust file')
    .requiredOption('--trust <file>', 'whom to trust (taskrunner.trust.v1)')
    .option(
      '--expect <name=value>',
      'run=, plan=, pack=, tenant=, mode= or artifact=FILE that it must be about',
      collect,
    )
    .option('--original <bundle>', 'the evidence of the run that this one does again: what was taken over is compared')
    .option('--checkpoints <file>', 'signed checkpoints of the audit chain that you kept, one a line')
    .option(
      '--audit <file>',
      'an export of the audit chain: the seal of the run and its decisions are looked for in it',
    )
    .option('--allow-dev', 'take evidence made under the development Authority')
    .option('--json', 'print {ok, run, planHash, checks}')
    .action((bundle: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const trust = readTrust(await readText(options.trust));
        const expect = await readExpectation(options.expect ?? []);
        const { files, faults } = await readBundleFile(bundle);
        const original = options.original === undefined ? undefined : (await readBundleFile(options.original)).files;
        const { checkpoints, audit } = options;
        const verification = verifyRun({
          files,
          trust,
          verifySignature,
          expect,
          allowDev: options.allowDev ?? false,
          now: Date.now(),
          policyEngines: { cedar: cedarEngine },
          archiveFaults: faults,
          original,
          checkpoints: checkpoints === undefined ? undefined : readCheckpointFile(await readText(checkpoints)),
          audit: audit === undefined ? undefined : readAuditExport(await readText(audit)),
        });
        const { ok, run, planHash, checks, summary } = verification;
        if (options.json) terminal.print(JSON.stringify({ ok, run, planHash, checks }));
        else {
          for (const { name, ok: holds, basis, detail } of checks)
            terminal.print(safeLine(`${holds ? 'ok  ' : 'FAIL'} ${name.padEnd(21)} ${basis.padEnd(10)} ${detail}`));
          terminal.print(safeLine(summary));
        }
        return ok ? EXIT.OK : EXIT.NOT_VERIFIED;
      }, bundle),
    );
}

/** Several `--expect`, each of which may hold several, parted by spaces. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return value.split(/\s+(?=[a-z]+=)/).reduce<readonly string[]>((all, one) => several(one, all), before);
}

/** What `--expect` says. Throws `CLI_USAGE`; an artifact's file is hashed. */
export async function readExpectation(written: readonly string[]): Promise<Expectation> {
  const expect: { -readonly [Name in keyof Expectation]: Expectation[Name] } = {};
  for (const one of written) {
    const { name, value } = splitAssignment(one);
    if (name === 'run' || name === 'plan' || name === 'pack' || name === 'tenant') expect[name] = value;
    else if (name === 'mode' && (value === 'open' || value === 'sealed')) expect.mode = value;
    else if (name === 'artifact') expect.artifact = isDigest(value) ? value : await digestOfFile(value);
    else
      throw new CliError(
        'CLI_USAGE',
        'what is expected is run, plan, pack, tenant, mode (open or sealed) or artifact',
        'Write it like --expect plan=sha256:….',
      );
  }
  return expect;
}

/** The text of a file that an option names. Throws a `CliError`. */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(piece);
  } catch (error) {
    throw unreadable(path, error);
  }
  return `sha256:${hash.digest('hex')}` as Digest;
}
