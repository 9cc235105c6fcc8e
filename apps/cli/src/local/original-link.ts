import { verifyRun, verifySignature } from '@taskrunner/core/evidence';
import { isCodedError, type RunId } from '@taskrunner/core/foundation';
import type { RerunLink } from '@taskrunner/core/operations';
import { readTrustFile } from '../evidence/trust-file';
import { readBundleFile } from '../packs/read-bundle';

/** A rerun without a server executes all steps again. */
const FROM = 'start';

/**
 * What the admission of a rerun says about its original: the end of its journal and its initiators, from its evidence. `unproven`: why they
 * are not known, because the evidence cannot be read or does not verify.
 */
export async function originalLink(
  bundle: string,
  runId: string,
  trustFile: string,
): Promise<RerunLink | { readonly unproven: string }> {
  try {
    const [{ files, faults }, trust] = [await readBundleFile(bundle), await readTrustFile(trustFile)];
    const { ok, checks, documents } = verifyRun({
      ...{ files, archiveFaults: faults, trust, verifySignature, allowLocal: true, now: Date.now() },
      expect: { run: runId },
    });
    const head = documents?.evidence.pages.at(-1)?.hash;
    const failed = checks.find((check) => !check.ok);
    if (!ok || documents === null || head === undefined)
      return {
        unproven: `its evidence does not verify (${failed?.name ?? 'no journal'}: ${failed?.detail ?? 'empty'})`,
      };
    const { initiators } = documents.admission.record;
    return { of: runId as RunId, from: FROM, head, initiators };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { unproven: error.message };
  }
}
