import { verifySignature } from '../lib/evidence/encoding/signature';
import type { RunEvidence } from '../lib/evidence/records/run-evidence';
import type { CheckName } from '../lib/evidence/verify/check/check';
import type { VerifyRequest } from '../lib/evidence/verify/check/verification-session';
import { verifyRun, type Verification } from '../lib/evidence/verify/verify-run';
import type { Digest } from '../lib/foundation/ids';
import type { Page, Unnumbered } from '../lib/journal/page';
import { sampleRun } from './sample-evidence';
import { resealed, sealBundle, type Sample } from './sample-signing';
import { chained } from './forge/chained';

/** The bundle of the sample run, and forgeries of it. `sample` and `bundle` are available only after `start`. */
export class SampleBundle {
  sample!: Sample;
  bundle!: Map<string, Uint8Array>;

  async start(): Promise<void> {
    this.sample = await sampleRun();
    this.bundle = sealBundle(this.sample);
  }

  /** Verifies files with the trust file of the sample. */
  readonly verified = (files: ReadonlyMap<string, Uint8Array>, change: Partial<VerifyRequest> = {}): Verification => {
    return verifyRun({ files, trust: this.sample.trust, verifySignature, ...change });
  };

  /** The bundle with some files replaced under a newly signed manifest: what the bundle key alone could forge. */
  readonly forged = (
    changes: { readonly [path: string]: Uint8Array | string | null },
    of = this.sample,
  ): Map<string, Uint8Array> => {
    const files = new Map(sealBundle(of));
    for (const [path, bytes] of Object.entries(changes)) {
      if (bytes === null) files.delete(path);
      else files.set(path, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    }
    return resealed(
      of.keys.bundle,
      [...files].map(([path, bytes]) => ({ path, bytes })),
    );
  };

  /** A bundle of altered evidence, signed with all keys except those of people and of the admission: what run and bundle key could forge. */
  readonly forgedRun = (change: (evidence: RunEvidence) => RunEvidence): Map<string, Uint8Array> => {
    return sealBundle({ ...this.sample, evidence: change(this.sample.evidence) });
  };
}

/** Names of the checks that fail. */
export function failing(verification: Verification): readonly CheckName[] {
  return verification.checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

/** The altered journal: entries changed and hash-chained again. */
export function retold(
  pages: readonly Page[],
  restate: (entries: readonly Unnumbered[]) => readonly Unnumbered[],
): readonly Page[] {
  const entries = pages.flatMap((page) => page.entries).map(({ seq: _seq, ...entry }) => entry);
  const values = Object.assign({}, ...pages.map((page) => page.values)) as Page['values'];
  return [chained({ seq: 0, hash: pages[0]?.prev as Digest }, restate(entries), values)];
}
