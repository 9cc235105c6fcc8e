import type { StatementParts } from '@taskrunner/core/evidence';
import { isJsonObject, type Digest, type Json } from '@taskrunner/core/foundation';
import { digestBytes, toDigest } from './digest-bytes';

type StatementPart = StatementParts[string];

/** The column `statements`: for each statement its position in the bundle, its size and its digest in base64. Half of the bytes of objects. */
export function storedParts(parts: StatementParts): string {
  return JSON.stringify(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, storedPart(part)])));
}

function storedPart(part: StatementPart) {
  if (part === null || 'dsseEnvelope' in part) return part;
  const { offset, size, sha256 } = part;
  return [offset, size, digestBytes(sha256).toString('base64')];
}

/** The statements of a row. Seals of earlier releases have objects. What nobody wrote is returned as it is; no reader accepts it. */
export function statementParts(stored: Json): StatementParts {
  if (!isJsonObject(stored)) return stored as unknown as StatementParts;
  return Object.fromEntries(
    Object.entries(stored).map(([name, part]) => [name, partOf(part) ?? part]),
  ) as StatementParts;
}

function partOf(stored: Json): StatementPart | null {
  if (!Array.isArray(stored) || stored.length !== 3) return null;
  const [offset, size, digest] = stored as readonly Json[];
  if (typeof offset !== 'number' || typeof size !== 'number' || typeof digest !== 'string') return null;
  const sha256: Digest = toDigest(Buffer.from(digest, 'base64'));
  return { offset, size, sha256 };
}
