import { decodeEnvelope, EvidenceError } from '@taskrunner/core/evidence';
import { isDigest, isJsonObject, type Json } from '@taskrunner/core/foundation';
import { parsePackPath } from '@taskrunner/core/pack';
import { isTexts } from './shown-run';

/** The columns of a run that a rerun reads and that no digest of its row names. */
interface OriginalColumns {
  readonly manifest: unknown;
  readonly files: unknown;
  readonly pack_signatures: unknown;
  readonly labels: unknown;
  readonly forms: unknown;
}

/** The first column of the original of a rerun whose value no row of the product has; null: none. */
export function misshapenOriginal(row: OriginalColumns): string | null {
  const { manifest, files, pack_signatures: signatures, labels, forms } = row;
  if (!isManifest(manifest)) return 'the manifest';
  if (!isListOf(files, isFile)) return 'the list of its files';
  if (!isListOf(signatures, isSignature)) return 'the signatures of its pack';
  if (!isTexts(labels)) return 'the labels';
  return forms === null || Array.isArray(forms) ? null : 'the forms of its gates';
}

/** The columns of an ended run that its seal reads and that no digest of its row names. */
interface EndedColumns extends Pick<OriginalColumns, 'files' | 'pack_signatures'> {
  readonly gates: unknown;
  readonly decisions: unknown;
  readonly resolutions: unknown;
  readonly releases: unknown;
  readonly artifacts: unknown;
}

/** The first column of an ended run whose value no row of the product has; null: none. The seal compares what is in the lists. */
export function misshapenRecords(row: EndedColumns): string | null {
  if (!isListOf(row.files, isFile)) return 'the list of its files';
  if (!isListOf(row.pack_signatures, isSignature)) return 'the signatures of its pack';
  const { gates, decisions, resolutions, releases, artifacts } = row;
  const lists = Object.entries({ gates, decisions, resolutions, releases, artifacts });
  const wrong = lists.find(([, list]) => !Array.isArray(list));
  return wrong ? `the list of its ${wrong[0]}` : null;
}

function isManifest(text: unknown): boolean {
  try {
    return typeof text === 'string' && isJsonObject(JSON.parse(text) as Json);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function isListOf(value: unknown, isGood: (one: Json) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => isGood(one as Json));
}

function isFile(file: Json): boolean {
  if (!isJsonObject(file)) return false;
  const { path, digest, size, executable } = file;
  const isPath = typeof path === 'string' && path.isWellFormed() && parsePackPath(path) === path;
  return isPath && isDigest(digest) && Number.isSafeInteger(size) && typeof executable === 'boolean';
}

function isSignature(signature: Json): boolean {
  if (!isJsonObject(signature) || typeof signature['hint'] !== 'string') return false;
  try {
    decodeEnvelope(signature['envelope'] ?? null);
    return true;
  } catch (error) {
    if (EvidenceError.is(error)) return false;
    throw error;
  }
}
