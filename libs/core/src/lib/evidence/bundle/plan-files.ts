import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { PlanIndex } from '../../plan/plan-index';
import { toUtf8 } from '../encoding/strict-json';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { inputsLock, policyFiles } from '../statement/derived-files';

interface PlanFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: Digest;
}

/** Files up to this size together are kept, bytes. */
const KEPT_BYTES = 64 * 1024;

interface KeptFiles {
  /** The texts of plan, profile, environment and manifest. */
  readonly texts: readonly string[];
  readonly files: readonly PlanFile[];
}

const ofPlans = new WeakMap<PlanIndex, KeptFiles>();

/**
 * Files that are the same for all runs with the same plan, profile, environment and pack. Such runs share their index, so that the files are
 * encoded and hashed once.
 */
export function planFiles(documents: EvidenceDocuments): readonly PlanFile[] {
  const { index, evidence } = documents;
  const texts = [evidence.plan, evidence.profile, evidence.environment, evidence.pack.manifest];
  const known = ofPlans.get(index);
  if (known?.texts.every((text, i) => text === texts[i])) return known.files;
  const files = [
    fileOf('plan.json', evidence.plan),
    fileOf('profile.json', evidence.profile),
    fileOf('environment.json', evidence.environment),
    fileOf('pack/manifest.json', evidence.pack.manifest),
    fileOf('inputs.lock.json', inputsLock(documents)),
    ...policyFiles(documents).map(({ path, text }) => fileOf(path, text)),
  ];
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size <= KEPT_BYTES) ofPlans.set(index, { texts, files });
  return files;
}

function fileOf(path: string, text: string): PlanFile {
  const bytes = toUtf8(text);
  return { path, bytes, sha256: sha256(bytes) };
}
