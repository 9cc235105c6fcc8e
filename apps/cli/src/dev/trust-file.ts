import { createPublicKey } from 'node:crypto';
import { canonical } from '@taskrunner/core/canonical';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { DatedKey, KeyRing } from './key-ring';
import { readJsonFile, replaceFile } from './state-directory';

/** What `taskrunner verify` trusts for this stack. */
interface TrustFacts {
  /** Id of the trust file. */
  readonly id: string;
  readonly population: string;
  /** Builder id of the runs. */
  readonly builder: string;
  readonly keys: KeyRing;
  readonly issuer: string;
  readonly audience: string;
  /** Public keys of the Authority (RFC 7517). */
  readonly jwks: readonly object[];
}

export const DEV_BUILDER = 'https://stellaops.io/taskrunner/builders/dev/v1';
const DAY_MS = 86_400_000;
const YEARS_MS = 3_650 * DAY_MS;

/** Writes `taskrunner.trust.v1` (docs/guides/auditing.md). The serial changes only if the content does. The text is public. */
export async function writeTrustFile(path: string, facts: TrustFacts, now: Date = new Date()): Promise<void> {
  const last = await readJsonFile<JsonObject & { serial: number; issued: string; expires: string }>(path);
  const trusted = trustedBy(facts);
  if (last !== null && Date.parse(last.expires) > now.getTime() + DAY_MS) {
    const { serial, issued: _issued, expires: _expires, ...rest } = last;
    if (canonical(rest) === canonical(trusted as JsonObject)) return;
    await write(path, trusted, serial + 1, now);
  } else await write(path, trusted, (last?.serial ?? 0) + 1, now);
}

async function write(path: string, trusted: object, serial: number, now: Date): Promise<void> {
  const expires = new Date(now.getTime() + YEARS_MS);
  const document = { ...trusted, serial, issued: now.toISOString(), expires: expires.toISOString() };
  await replaceFile(path, `${JSON.stringify(document, null, 2)}\n`, 0o644);
}

function trustedBy({ id, population, builder, keys, issuer, audience, jwks }: TrustFacts): object {
  const since = keys.admission.since;
  return {
    schema: 'taskrunner.trust.v1',
    id,
    keys: [
      trustedKey(keys.admission, 'admission', []),
      trustedKey(keys.ledger, 'ledger', []),
      trustedKey(keys.checkpoint, 'checkpoint', []),
      trustedKey(keys.runOpen, 'run-open', [builder]),
      trustedKey(keys.runSealed, 'run-sealed', [builder]),
      trustedKey(keys.bundle, 'bundle', []),
    ],
    issuers: [
      {
        iss: issuer,
        kind: 'people',
        population,
        audience,
        jwks: jwks.map((jwk) => ({ ...jwk, validFor: spanFrom(since) })),
      },
    ],
    approvers: [],
    timestampAuthorities: [],
    require: {
      mode: 'any',
      proof: 'service',
      time: 'asserted',
      checkpoints: false,
      minApprovals: 0,
      packSigners: 0,
      carried: true,
      builds: [],
      signatures: { run: 1 },
    },
  };
}

function trustedKey({ key, since }: DatedKey, usage: string, builders: readonly string[]): object {
  const spki = createPublicKey(key.publicKeyPem).export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    keyid: key.keyid,
    algorithm: 'ed25519',
    spki,
    usages: [usage],
    builders,
    tenants: ['*'],
    validFor: spanFrom(since),
    revoked: null,
  };
}

/** Valid from one hour before the key was created, because clocks of database and file system differ slightly. */
function spanFrom(since: Date): object {
  const start = new Date(since.getTime() - 3_600_000);
  return { start: start.toISOString(), end: new Date(since.getTime() + 2 * YEARS_MS).toISOString() };
}
