import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { canonical } from '../lib/canonical/canonical';
import { sha256 } from '../lib/canonical/digest';
import {
  buildBundleStatement,
  bundleFiles,
  MANIFEST,
  MANIFEST_ATTESTATION,
  manifestAttestation,
  statementPayload,
  type BundleFile,
  type SignedStatement,
} from '../lib/evidence/bundle/bundle-files';
import { preAuthEncoding, sealEnvelope, type Envelope, type KeyUsage } from '../lib/evidence/encoding/envelope';
import { fingerprint } from '../lib/evidence/encoding/public-key';
import type { TrustedKey, TrustFile } from '../lib/evidence/encoding/trust';
import { bomStatements } from '../lib/evidence/predicates/cyclonedx';
import { buildProvenance } from '../lib/evidence/predicates/provenance';
import { PAYLOAD_TYPE } from '../lib/evidence/records/documents';
import { readEvidence } from '../lib/evidence/records/evidence-documents';
import { readManifest } from '../lib/evidence/records/read-documents';
import type { RunEvidence } from '../lib/evidence/records/run-evidence';
import { buildStatement, type Statement } from '../lib/evidence/statement/statement';
import type { Json } from '../lib/foundation/json';

// Keys of a sample, and what they sign: envelopes, statements, and the bundle of a run.

/** A key pair, and its place in a trust file. */
export interface SampleKey {
  readonly privateKey: KeyObject;
  readonly trusted: TrustedKey;
}

/** A new key for one usage, trusted for every builder of the sample and every tenant. */
export function aKey(
  usage: KeyUsage,
  algorithm: 'ed25519' | 'ecdsa-p256' = 'ed25519',
  change: Partial<TrustedKey> = {},
): SampleKey {
  const { publicKey, privateKey } =
    algorithm === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return { privateKey, trusted: trustedKey(publicKey, usage, algorithm, change) };
}

/** The place of a public key in a trust file. */
export function trustedKey(
  publicKey: KeyObject,
  usage: KeyUsage,
  algorithm: 'ed25519' | 'ecdsa-p256',
  change: Partial<TrustedKey> = {},
): TrustedKey {
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return {
    keyid: fingerprint(spki),
    algorithm,
    spki,
    usages: [usage],
    builders: [SAMPLE_BUILDER],
    tenants: ['*'],
    validFor: { start: '2025-01-01T00:00:00.000Z', end: '2027-01-01T00:00:00.000Z' },
    revoked: null,
    ...change,
  };
}

/** Signs bytes as a DSSE envelope, with no keyid. */
export function signed(key: SampleKey, payloadType: string, payload: Uint8Array | object): Envelope {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(canonical(payload as Json));
  const digest = key.trusted.algorithm === 'ed25519' ? null : 'sha256';
  return sealEnvelope(payloadType, bytes, sign(digest, preAuthEncoding(payloadType, bytes), key.privateKey));
}

/** Signs a statement. */
export function signedStatement(key: SampleKey, statement: Statement<object>): SignedStatement {
  return { envelope: signed(key, PAYLOAD_TYPE.statement, statementPayload(statement)), hint: key.trusted.keyid };
}

export const SAMPLE_BUILDER = 'https://stellaops.io/taskrunner/builders/open/v1';

/** A sample run, its keys, and a trust file that trusts them. */
export interface Sample {
  readonly evidence: RunEvidence;
  readonly keys: {
    readonly admission: SampleKey;
    readonly ledger: SampleKey;
    readonly run: SampleKey;
    readonly bundle: SampleKey;
  };
  readonly trust: TrustFile;
}

/** A trust file that trusts these keys and asks for little. */
export function trustOf(keys: readonly SampleKey[], change: Partial<TrustFile['require']> = {}): TrustFile {
  return {
    schema: 'taskrunner.trust.v1',
    id: 'test',
    serial: 3,
    issued: '2025-01-01T00:00:00.000Z',
    expires: '2027-01-01T00:00:00.000Z',
    keys: keys.map(({ trusted }) => trusted),
    issuers: [],
    approvers: [],
    timestampAuthorities: [],
    require: {
      mode: 'any',
      proof: 'service',
      time: 'asserted',
      checkpoints: false,
      minApprovals: 0,
      packSigners: 0,
      builds: [],
      signatures: { run: 1 },
      ...change,
    },
  };
}

/** What a signer may be led to sign in place of what the documents say. */
export interface Forgery {
  readonly statement?: (honest: Statement<object>) => Statement<object>;
  readonly provenance?: (honest: Statement<object>) => Statement<object>;
  readonly files?: (files: readonly BundleFile[]) => readonly BundleFile[];
}

/** Signs and lays out a bundle as the signer does. `forge` makes it sign something else. */
export function sealBundle({ evidence, keys }: Sample, forge: Forgery = {}): Map<string, Uint8Array> {
  const documents = readEvidence(evidence);
  const same = (statement: Statement<object>): Statement<object> => statement;
  const boms = bomStatements(documents);
  const provenance = buildProvenance(documents, boms);
  const { files: honest } = bundleFiles(documents, {
    packRun: [signedStatement(keys.run, (forge.statement ?? same)(buildStatement(documents)))],
    provenance: provenance && signedStatement(keys.run, (forge.provenance ?? same)(provenance)),
    boms: boms.map(({ statement }) => signedStatement(keys.run, statement)),
  });
  return resealed(keys.bundle, forge.files ? forge.files(honest) : honest);
}

/** Makes manifest and attestation anew over these files: an attacker who holds the bundle key alone. */
export function resealed(key: SampleKey, files: readonly BundleFile[]): Map<string, Uint8Array> {
  const content = files.filter(({ path }) => path !== MANIFEST && path !== MANIFEST_ATTESTATION);
  const old = files.find(({ path }) => path === 'MANIFEST.json');
  if (!old) throw new TypeError('no manifest');
  const manifest = {
    ...readManifest(old.bytes),
    files: content
      .map(({ path, bytes }) => ({ path, size: bytes.length, sha256: sha256(bytes) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  const attestation = manifestAttestation(signedStatement(key, buildBundleStatement(manifest)));
  const all = [
    ...content,
    { path: 'MANIFEST.json', bytes: Buffer.from(canonical(manifest as unknown as Json)) },
    attestation,
  ];
  return new Map(all.sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, bytes }) => [path, bytes]));
}
