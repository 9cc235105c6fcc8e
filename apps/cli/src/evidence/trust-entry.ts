import { createPublicKey } from 'node:crypto';
import { fingerprint, type TrustedKey } from '@taskrunner/core/evidence';
import { CliError } from '../terminal/cli-error';

/** The builder of workers that sign with key files. */
const KEY_FILE_BUILDER = 'https://stellaops.io/taskrunner/builders/local/v1';
const YEAR_MS = 365 * 86_400_000;
const YEARS = 2;
/** Usages whose keys state what happened in runs, for a builder. */
const OF_RUNS: ReadonlySet<string> = new Set(['run-open', 'run-sealed']);

/**
 * The entry of a trust file for a key file in PEM, private or public. It is valid for all tenants, from now for two years: whoever issues the
 * trust file adapts that. Throws `CLI_USAGE` if the text is no such key.
 */
export function trustEntry(path: string, pem: string, usage: string, now = new Date()): TrustedKey {
  const spki = publicHalf(path, pem);
  return {
    keyid: fingerprint(spki.text),
    algorithm: spki.isEd25519 ? 'ed25519' : 'ecdsa-p256',
    spki: spki.text,
    usages: [usage as TrustedKey['usages'][number]],
    builders: OF_RUNS.has(usage) ? [KEY_FILE_BUILDER] : [],
    tenants: ['*'],
    validFor: { start: now.toISOString(), end: new Date(now.getTime() + YEARS * YEAR_MS).toISOString() },
    revoked: null,
  };
}

function publicHalf(path: string, pem: string): { readonly text: string; readonly isEd25519: boolean } {
  try {
    const key = createPublicKey(pem);
    const text = key.export({ type: 'spki', format: 'der' }).toString('base64');
    // Throws for a key that no signature of this product can have.
    fingerprint(text);
    return { text, isEd25519: key.asymmetricKeyType === 'ed25519' };
  } catch (cause) {
    throw new CliError(
      'CLI_USAGE',
      `${path} is not a key in PEM that can be trusted: Ed25519 or P-256`,
      'Name a key file of the installation, such as admission.pem, or its public half.',
      [],
      { cause },
    );
  }
}
