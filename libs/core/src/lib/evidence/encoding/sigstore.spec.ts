import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, Verifier } from '@sigstore/verify';
import { sha256 } from '../../canonical/digest';
import { sampleRun } from '../../../testing/sample-evidence';
import { sealBundle, type Sample } from '../../../testing/sample-signing';
import { readSigstore } from './sigstore';
import { PREDICATE } from '../statement/statement';

// Common verifiers accept our signatures offline.

const ATTESTATIONS = ['pack-run', 'slsa', 'manifest', 'cyclonedx'] as const;
const BOM = '{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": []}\n';
const subjectOf = {
  'pack-run': 'artifacts.json',
  slsa: 'artifacts.json',
  manifest: 'MANIFEST.json',
  cyclonedx: `artifacts/${sha256(BOM).slice(7)}`,
} as const;
const typeOf = {
  'pack-run': PREDICATE.packRun,
  slsa: PREDICATE.provenance,
  manifest: PREDICATE.bundle,
  // cosign's name of the predicate type.
  cyclonedx: 'cyclonedx',
} as const;

describe.each(['ed25519', 'ecdsa-p256'] as const)('a bundle signed with %s', (algorithm) => {
  let sample: Sample;
  let files: Map<string, Uint8Array>;
  beforeAll(async () => {
    sample = await sampleRun({ algorithm, bom: BOM });
    files = sealBundle(sample);
  });
  const file = (name: string): Buffer => Buffer.from(files.get(name) ?? []);
  const spkiOf = (name: (typeof ATTESTATIONS)[number]): string =>
    sample.keys[name === 'manifest' ? 'bundle' : 'run'].trusted.spki;

  it.each(ATTESTATIONS)('has a %s statement that sigstore-js verifies', (name) => {
    const publicKey = createPublicKey({ key: Buffer.from(spkiOf(name), 'base64'), format: 'der', type: 'spki' });
    const verifier = new Verifier(
      {
        certificateAuthorities: [],
        timestampAuthorities: [],
        tlogs: [],
        ctlogs: [],
        publicKey: () => ({ publicKey, validFor: () => true }),
      },
      { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
    );
    const json = JSON.parse(file(`attestations/${name}.sigstore.json`).toString()) as {
      dsseEnvelope: { payload: string };
    };
    expect(verifier.verify(toSignedEntity(bundleFromJSON(json)))).toMatchObject({ key: {} });
    const altered = structuredClone(json);
    altered.dsseEnvelope.payload = Buffer.from(
      `${Buffer.from(json.dsseEnvelope.payload, 'base64').toString()} `,
    ).toString('base64');
    expect(() => verifier.verify(toSignedEntity(bundleFromJSON(altered)))).toThrow();
  });

  const cosign = spawnSync('cosign', ['version']).status === 0;
  if (!cosign) {
    if (process.env.CI === 'true') throw new Error('cosign is not installed');
    console.warn('cosign is not installed: its verification is skipped');
  }
  (cosign ? it : it.skip).each(ATTESTATIONS)('has a %s statement that cosign verifies', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'sigstore-'));
    try {
      const at = (path: string): string => join(folder, path);
      const key = createPublicKey({ key: Buffer.from(spkiOf(name), 'base64'), format: 'der', type: 'spki' });
      writeFileSync(at('key.pub'), key.export({ format: 'pem', type: 'spki' }));
      writeFileSync(at('root.json'), '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}');
      writeFileSync(at('bundle.json'), file(`attestations/${name}.sigstore.json`));
      writeFileSync(at('subject'), file(subjectOf[name]));
      writeFileSync(at('other'), 'other');
      const verify = (subject: string): string[] => [
        'verify-blob-attestation',
        '--key',
        at('key.pub'),
        '--bundle',
        at('bundle.json'),
        '--new-bundle-format',
        '--trusted-root',
        at('root.json'),
        '--insecure-ignore-tlog=true',
        '--type',
        typeOf[name],
        at(subject),
      ];
      execFileSync('cosign', verify('subject'), { stdio: 'pipe' });
      expect(spawnSync('cosign', verify('other')).status).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('readSigstore', () => {
  it('takes one spelling only', async () => {
    const bytes = sealBundle(await sampleRun()).get('attestations/manifest.sigstore.json') ?? new Uint8Array();
    const text = Buffer.from(bytes).toString();
    expect(readSigstore(bytes).hint).toMatch(/^SHA256:/);
    for (const other of [
      text.replace('{', '{ '),
      text.replace('"hint":"SHA256', '"hint":"SHA512'),
      text.replace('"keyid":"SHA256', '"keyid":"SHA512'),
      text.replace('{"dsseEnvelope"', '{"another":1,"dsseEnvelope"'),
      text.replace('v0.3', 'v0.2'),
    ]) {
      expect(other).not.toBe(text);
      expect(() => readSigstore(Buffer.from(other))).toThrow();
    }
  });
});
