import { readEvidenceBundle, type EvidenceBundle } from '@taskrunner/infrastructure/archive';
import { sha256 } from '@taskrunner/core/canonical';
import {
  buildReport,
  CHECK_NAMES,
  checkContents,
  layoutOf,
  openVerification,
  readTrust,
  renderHtml,
  trustFaults,
  verifySignature,
  type Check,
  type Report,
  type TrustFile,
} from '@taskrunner/core/evidence';
import { isCodedError, type Digest, type Fault } from '@taskrunner/core/foundation';
import { version } from '../../package.json';
import type { BundleFile, Findings, Terms } from './protocol';

/** The engine of policies that every verifier has. */
const OWN_ENGINE = 'cel';

/** A bundle in memory, which can be verified again and again. */
export class Examination {
  private report: Report | null = null;

  private constructor(
    readonly file: BundleFile,
    private readonly bundle: EvidenceBundle,
  ) {}

  /** Reads a bundle. What is wrong with it is a finding, not an error. */
  static async open(name: string, bytes: Uint8Array): Promise<Examination> {
    const bundle = await readEvidenceBundle(bytes);
    return new Examination({ name, size: bytes.length, sha256: sha256(bytes) }, bundle);
  }

  /** Verifies it. `now`: milliseconds since the epoch. */
  verify(terms: Terms, now: number): Findings {
    const { files, faults, refusal } = this.bundle;
    const { trust, refused } = trustOf(terms);
    const expect = Object.fromEntries(expectedOf(terms));
    const verification =
      trust &&
      openVerification({
        files,
        trust,
        allowDev: terms.allowDev,
        allowLocal: terms.allowLocal,
        now,
        archiveFaults: faults,
        verifySignature,
        policyEngines: {},
        expect,
      }).conclude();
    const contents = verification === null ? checkContents({ files, archiveFaults: faults }).checks : null;
    const report = this.reportOf(terms, now, verification && trust && { verification, trust }, contents ?? []);
    this.report = report;
    const made = new Set((verification?.checks ?? contents ?? []).map(({ name }) => name));
    return {
      bundle: this.file,
      verification: verification && {
        ok: verification.ok,
        run: verification.run,
        planHash: verification.planHash,
        checks: verification.checks,
      },
      contents,
      unmade: CHECK_NAMES.filter((name) => !made.has(name)),
      refusal,
      trustFaults: refused,
      missingEngines: enginesBesidesCel(report),
      report,
      sections: layoutOf(report),
    };
  }

  /** The report of the last verification as one HTML file, as `inspect` writes it; null before the first. */
  write(): string | null {
    return this.report && renderHtml(this.report);
  }

  private reportOf(
    terms: Terms,
    now: number,
    verified: Parameters<typeof buildReport>[0]['verified'],
    unsigned: readonly Check[],
  ): Report {
    const { name, size, sha256: digest } = this.file;
    return buildReport({
      bundle: { name, size, sha256: digest as Digest },
      files: this.bundle.files,
      verified,
      unsigned,
      paper: {
        verifier: { name: 'taskrunner console', version, sha256: null },
        at: new Date(now).toISOString(),
        trust: verified && terms.trust && { name: terms.trust.name, sha256: sha256(terms.trust.text) },
        options: [...(terms.allowDev ? ['--allow-dev'] : []), ...(terms.allowLocal ? ['--allow-local'] : [])],
        expected: expectedOf(terms).map(([what, value]) => `${what}=${value}`),
      },
    });
  }
}

function expectedOf({ run, plan }: Terms): readonly (readonly ['run' | 'plan', string])[] {
  return [...(run === null ? [] : [['run', run] as const]), ...(plan === null ? [] : [['plan', plan] as const])];
}

/** The trust file, or why it is refused. */
function trustOf({ trust }: Terms): { readonly trust: TrustFile | null; readonly refused: readonly Fault[] } {
  if (trust === null) return { trust: null, refused: [] };
  try {
    return { trust: readTrust(trust.text), refused: [] };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { trust: null, refused: trustFaults(trust.text, error) };
  }
}

function enginesBesidesCel({ contents }: Report): readonly string[] {
  const engines = new Set(contents?.policySources.map(({ engine }) => engine) ?? []);
  engines.delete(OWN_ENGINE);
  return [...engines];
}
