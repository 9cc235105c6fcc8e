import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Option, type Command } from 'commander';
import {
  readAuditExport,
  readCheckpointFile,
  CHECK_NAMES,
  openVerification,
  verifySignature,
  type AuditEntry,
  type Envelope,
  type Expectation,
  type TrustFile,
  type Verification,
} from '@taskrunner/core/evidence';
import { isDigest, isRunId, type Digest } from '@taskrunner/core/foundation';
import type { PolicyEngines } from '@taskrunner/core/policy';
import { several } from '../commands/options';
import { bytesOf, unreadable } from '../packs/pack-argument';
import { readBundleFile, type ReadBundle } from '../packs/read-bundle';
import { CliError } from '../terminal/cli-error';
import { SECOND_CHECKS, type SecondThread } from './second-thread';
import { readTrustFile } from './trust-file';
import { refuseSpecialFile } from '../files/special-file';

/** Options of a verification. */
export interface EvidenceOptions {
  readonly expect?: readonly string[];
  readonly allowDev?: boolean;
  readonly allowLocal?: boolean;
  readonly original?: string;
  readonly checkpoints?: string;
  readonly audit?: string;
  readonly threads?: '1' | '2';
}

/** `--expect`, `--original`, `--checkpoints`, `--audit`, `--allow-dev`, `--allow-local` and `--threads`. */
export function withEvidenceOptions(command: Command): Command {
  return command
    .option('--expect <name=value>', 'expected value: run=, plan=, pack=, tenant=, mode= or artifact=FILE', collect)
    .option(
      '--original <bundle>',
      'evidence bundle of the original run of a rerun; reused results are compared with it',
    )
    .option('--checkpoints <file>', 'file with signed checkpoints of the audit chain that you kept, one on each line')
    .option('--audit <file>', 'export of the audit chain that must contain the seal and the decisions of the run')
    .option('--allow-dev', 'accept evidence that was made with the development Authority')
    .option('--allow-local', 'accept evidence of a run without a server, which was made with keys of one account')
    .addOption(
      new Option('--threads <number>', 'number of threads (default: 2 for bundles of 16 MiB or more)').choices([
        '1',
        '2',
      ]),
    );
}

/** What a bundle is verified against. */
export interface Terms {
  readonly trust: TrustFile;
  readonly expect: Expectation;
  readonly original: ReadBundle['files'] | undefined;
  readonly checkpoints: readonly Envelope[] | undefined;
  readonly audit: readonly AuditEntry[] | undefined;
  readonly allowDev: boolean;
  readonly allowLocal: boolean;
}

/**
 * Reads the files that the options name, before the bundle itself. Throws `TRUST_INVALID`, `CLI_USAGE`, `CLI_FILE` or `BUNDLE_UNREADABLE`.
 */
export async function readTerms(trustPath: string, options: EvidenceOptions): Promise<Terms> {
  const trust = await readTrustFile(trustPath);
  const expect = await readExpectation(options.expect ?? []);
  const original = options.original === undefined ? undefined : await readBundleFile(options.original);
  if (original?.refusal) throw original.refusal;
  const { checkpoints, audit } = options;
  return {
    trust,
    expect,
    original: original?.files,
    checkpoints: checkpoints === undefined ? undefined : readCheckpointFile(await readText(checkpoints)),
    audit: audit === undefined ? undefined : readAuditExport(await readText(audit)),
    allowDev: options.allowDev ?? false,
    allowLocal: options.allowLocal ?? false,
  };
}

/** A verification with notes for people about how it was made. */
export interface Verified {
  readonly verification: Verification;
  readonly notes: readonly string[];
}

/** Verifies a bundle, using a second thread if there is one. */
export async function verifyBundle(
  { files, faults }: ReadBundle,
  terms: Terms,
  policyEngines: PolicyEngines,
  second: SecondThread | null,
): Promise<Verified> {
  const { trust, expect, original, checkpoints, audit, allowDev, allowLocal } = terms;
  const shared = { files, trust, allowDev, allowLocal, now: Date.now(), archiveFaults: faults };
  second?.begin(shared);
  const under = openVerification({ ...shared, verifySignature, policyEngines, expect, original, checkpoints, audit });
  if (second !== null) under.answer(CHECK_NAMES.filter((name) => !SECOND_CHECKS.includes(name)));
  const { checks, failure } = (await second?.answers()) ?? { checks: [], failure: null };
  const verification = under.conclude(checks);
  const notes = notesOf(verification, policyEngines, terms);
  if (failure === null) return { verification, notes };
  return {
    verification,
    notes: [...notes, `the second thread failed (${failure}): one thread made all checks`],
  };
}

/** Notes besides the checks: engines that the verifier lacks, and an original that was not compared. */
function notesOf(verification: Verification, engines: PolicyEngines, terms: Terms): readonly string[] {
  const { documents } = verification;
  const asked = new Set(documents?.plan.policies.map(({ engine }): string => engine) ?? []);
  const missing = [...asked].filter((engine) => engine !== 'cel' && !Object.hasOwn(engines, engine));
  const notes: string[] = [];
  if (missing.length > 0)
    notes.push(
      `this verifier has no engine for ${missing.join(', ')}: such policies are not evaluated again, and the plan is not rebuilt`,
    );
  if (terms.original !== undefined && documents?.admission.record.rerunOf === null)
    notes.push('this run is not a rerun: the bundle of --original was not used');
  return notes;
}

/** Several `--expect` options, each with one or more values separated by spaces. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return value.split(/\s+(?=[a-z]+=)/).reduce<readonly string[]>((all, one) => several(one, all), before);
}

/** The value of `--expect`. Throws `CLI_USAGE`. An artifact's file is hashed. */
async function readExpectation(written: readonly string[]): Promise<Expectation> {
  const expect: { -readonly [Name in keyof Expectation]: Expectation[Name] } = {};
  for (const one of written) {
    const [, name, value = ''] = /^([a-z]+)=(.+)$/s.exec(one) ?? [];
    if (name === 'plan' && !isDigest(value))
      throw new CliError(
        'CLI_USAGE',
        `--expect ${one}: a plan hash must be sha256: followed by 64 lowercase hexadecimal digits`,
        'Use the form --expect plan=sha256:….',
      );
    if (name === 'run' && !isRunId(value))
      throw new CliError(
        'CLI_USAGE',
        `--expect ${one}: this is not the complete id of a run`,
        'Use the whole id, run_ and 26 characters, from your own records.',
      );
    if (name === 'run' || name === 'plan' || name === 'pack' || name === 'tenant') expect[name] = value;
    else if (name === 'mode' && (value === 'open' || value === 'sealed')) expect.mode = value;
    else if (name === 'artifact') expect.artifact = isDigest(value) ? value : await digestOfFile(value);
    else
      throw new CliError(
        'CLI_USAGE',
        `--expect ${one}: the name must be run, plan, pack, tenant, mode (open or sealed) or artifact`,
        'Use the form --expect plan=sha256:….',
      );
  }
  return expect;
}

/** The text of a file that an option names. Throws a `CliError`. */
export async function readText(path: string): Promise<string> {
  return (await bytesOf(path)).toString('utf8');
}

/** SHA-256 of a file. Throws a `CliError`. */
export async function digestOfFile(path: string): Promise<Digest> {
  refuseSpecialFile(path);
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(piece);
  } catch (error) {
    throw unreadable(path, error);
  }
  return `sha256:${hash.digest('hex')}` as Digest;
}
