import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyUsage } from '../../lib/evidence/encoding/envelope';
import { fingerprint } from '../../lib/evidence/encoding/public-key';
import type { SampleKey } from '../sample-signing';

/** PKCS #8 of an Ed25519 key (RFC 8410) before its 32 bytes. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

const BUILDERS = ['open', 'sealed'].map((mode) => `https://stellaops.io/taskrunner/builders/${mode}/v1`);

/** An Ed25519 key of one usage that follows from a text: the same bytes in every round. For tests only, it guards nothing. */
export function seededKey(usage: KeyUsage, seed: string): SampleKey {
  const privateKey = privateKeyOf(`${seed} ${usage}`);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64');
  return {
    privateKey,
    trusted: {
      keyid: fingerprint(spki),
      algorithm: 'ed25519',
      spki,
      usages: [usage],
      builders: BUILDERS,
      tenants: ['*'],
      validFor: { start: '2025-01-01T00:00:00.000Z', end: '2027-01-01T00:00:00.000Z' },
      revoked: null,
    },
  };
}

function privateKeyOf(text: string): KeyObject {
  const seed = createHash('sha256').update(text).digest();
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
}

/** Every key of an installation. */
export interface Keys {
  readonly admission: SampleKey;
  readonly ledger: SampleKey;
  readonly runOpen: SampleKey;
  readonly runSealed: SampleKey;
  readonly bundle: SampleKey;
  readonly summary: SampleKey;
  readonly publishers: readonly SampleKey[];
}

/** The keys of the corpus: one installation. */
export function seededKeys(seed: string): Keys {
  return {
    admission: seededKey('admission', seed),
    ledger: seededKey('ledger', seed),
    runOpen: seededKey('run-open', seed),
    runSealed: seededKey('run-sealed', seed),
    bundle: seededKey('bundle', seed),
    summary: seededKey('summary', seed),
    publishers: [seededKey('pack', `${seed} 1`), seededKey('pack', `${seed} 2`)],
  };
}
