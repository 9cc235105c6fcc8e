import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { sampleRun } from '../../../testing/sample-evidence';
import { resealed, sealBundle, signedStatement, type Sample } from '../../../testing/sample-signing';
import { cyclonedxAttestation, PROVENANCE_ATTESTATION, type BundleFile } from '../bundle/bundle-files';
import { bomStatements } from './cyclonedx';
import { draftFiles, verifyDraft } from '../verify/draft';
import { readEvidence } from '../records/evidence-documents';
import { buildProvenance, type Provenance } from './provenance';
import { buildProvenanceV1 } from './provenance-v1';
import { fileUri, imageUri, packUri } from './resource';
import { asJson } from '../records/run-evidence';
import { verifySignature } from '../encoding/signature';
import { readSigstore, sigstoreFile } from '../encoding/sigstore';
import type { Statement } from '../statement/statement';
import type { TrustFile } from '../encoding/trust';
import { verifyRun } from '../verify/verify-run';
import { withholdSecrets } from '../records/withheld';

type Files = ReadonlyMap<string, Uint8Array>;

const BOM = `{
  "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
  "components": [ { "type": "library", "name": "left-pad", "version": "1.3.0" } ]
}
`;
const WITH_BOM = 'attestations/cyclonedx.sigstore.json';

function failing(files: Files, trust: TrustFile): readonly string[] {
  return verifyRun({ files, trust, verifySignature })
    .checks.filter(({ ok }) => !ok)
    .map(({ name }) => name);
}

function payloadIn(files: Files, path: string): Statement<object> {
  const { envelope } = readSigstore(files.get(path) ?? new Uint8Array());
  return JSON.parse(new TextDecoder().decode(envelope.payload)) as Statement<object>;
}

describe('provenance', () => {
  let sample: Sample;
  let files: Map<string, Uint8Array>;
  let provenance: Provenance;
  beforeAll(async () => {
    sample = await sampleRun({ bom: BOM });
    files = sealBundle(sample);
    provenance = payloadIn(files, PROVENANCE_ATTESTATION).predicate as Provenance;
  });

  it('names programs by path, and everything with a path by the digest of a file in the bundle', () => {
    const { buildDefinition, runDetails } = provenance;
    const { externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
    expect(buildDefinition.buildType).toBe('https://stellaops.io/taskrunner/buildtypes/task-pack/v2');
    expect(resolvedDependencies).toContainEqual({
      name: '/usr/bin/tool',
      uri: 'file:///usr/bin/tool',
      digest: { sha256: sha256('tool').slice(7) },
    });
    expect(externalParameters.pack).toMatchObject({ uri: 'pkg:generic/sample@1.2.3' });
    const { pack: _pack, mode: _mode, ...files_ } = externalParameters;
    const all = [
      ...Object.values(files_),
      ...Object.values(internalParameters),
      ...resolvedDependencies,
      ...runDetails.byproducts,
    ].filter(({ annotations }) => annotations?.['path'] !== undefined && annotations['digestOf'] === undefined);
    expect(all.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['plan.json', 'inputs.lock.json', 'pack/files.json', 'steps.ndjson', 'policies/few.cel']),
    );
    for (const { name, digest, annotations } of all) {
      expect(annotations?.['path']).toBe(name);
      expect([name, sha256(files.get(name) ?? '')]).toEqual([name, `sha256:${digest.sha256}`]);
    }
    const journal = runDetails.byproducts.find(({ name }) => name === 'journal');
    expect(journal?.digest.sha256).toBe(sample.evidence.pages.at(-1)?.hash.slice(7));
  });

  it('of build type v1 still verifies: in a bundle that was made before v2, and derived now', async () => {
    const kept = JSON.parse(readFileSync(join(__dirname, '../../../testing/bundles/provenance-v1.json'), 'utf8')) as {
      trust: TrustFile;
      files: Record<string, string>;
    };
    const old = new Map(Object.entries(kept.files).map(([path, text]) => [path, Buffer.from(text)]));
    expect(failing(old, kept.trust)).toEqual([]);
    const plain = await sampleRun();
    const derived = buildProvenanceV1(readEvidence(plain.evidence)) as Statement<object>;
    expect(failing(sealBundle(plain, { provenance: () => derived }), plain.trust)).toEqual([]);
    const other = { ...derived, predicate: { ...derived.predicate, more: 1 } };
    expect(failing(sealBundle(plain, { provenance: () => other }), plain.trust)).toEqual(['provenance.agrees']);
  });

  it('spells URIs as their specifications do', () => {
    const digest = sha256('image');
    expect(imageUri('registry.example:5000/team/Scan:1.2', digest)).toBe(
      `pkg:oci/scan@sha256%3A${digest.slice(7)}?repository_url=registry.example:5000/team/Scan`,
    );
    expect(imageUri(`a.example/x@${digest}`, digest)).toBe(
      `pkg:oci/x@sha256%3A${digest.slice(7)}?repository_url=a.example/x`,
    );
    expect(fileUri('/opt/a tool/x#1')).toBe('file:///opt/a%20tool/x%231');
    expect(packUri('team/scan', '1.0.0+a')).toBe('pkg:generic/team/scan@1.0.0%2Ba');
  });

  describe('and bills of materials', () => {
    const without = (...paths: readonly string[]): readonly BundleFile[] =>
      [...files].filter(([path]) => !paths.includes(path)).map(([path, bytes]) => ({ path, bytes }));
    const resignedBom = (statement: Statement<object>): BundleFile => {
      const { envelope, hint } = signedStatement(sample.keys.run, statement);
      return { path: WITH_BOM, bytes: sigstoreFile(envelope, hint) };
    };

    it('a CycloneDX artifact has a statement about itself and about what its step was given', () => {
      const statement = payloadIn(files, WITH_BOM);
      expect(failing(files, sample.trust)).toEqual([]);
      expect(statement.predicateType).toBe('https://cyclonedx.org/bom');
      expect(statement.predicate).toEqual(JSON.parse(BOM));
      expect(statement.subject).toEqual([
        { name: 'scan/bom', digest: { sha256: sha256(BOM).slice(7) } },
        { name: 'in/list.json', digest: { sha256: sha256('list').slice(7) } },
      ]);
    });

    it('refuses one that is left out, altered, or of no artifact', async () => {
      expect(failing(resealed(sample.keys.bundle, without(WITH_BOM)), sample.trust)).toEqual(['provenance.agrees']);
      const artifact = `artifacts/${sha256(BOM).slice(7)}`;
      expect(failing(resealed(sample.keys.bundle, without(artifact)), sample.trust)).toEqual([
        'statement.agrees',
        'provenance.agrees',
      ]);
      const honest = payloadIn(files, WITH_BOM);
      const altered = resignedBom({ ...honest, predicate: { ...honest.predicate, components: [] } });
      const swapped = resealed(sample.keys.bundle, [...without(WITH_BOM), altered]);
      expect(failing(swapped, sample.trust)).toEqual(['provenance.agrees']);
      const second = { ...resignedBom(honest), path: cyclonedxAttestation(1) };
      const more = resealed(sample.keys.bundle, [...without(), second]);
      expect(failing(more, sample.trust)).toEqual(['provenance.agrees']);
      const v1 = buildProvenanceV1(readEvidence(sample.evidence)) as Statement<object>;
      expect(failing(sealBundle(sample, { provenance: () => v1 }), sample.trust)).toEqual(['provenance.agrees']);
    });

    it('refuses one that the run key did not sign', () => {
      const { envelope, hint } = signedStatement(sample.keys.bundle, payloadIn(files, WITH_BOM));
      const foreign = { path: WITH_BOM, bytes: sigstoreFile(envelope, hint) };
      const swapped = resealed(sample.keys.bundle, [...without(WITH_BOM), foreign]);
      expect(failing(swapped, sample.trust)).toEqual(['trust.keys', 'provenance.agrees']);
    });

    it('what a step writes there cannot prevent the seal', async () => {
      for (const bom of [
        'not JSON',
        '{"bomFormat":"SPDX"}',
        '{"bomFormat":"CycloneDX","a":1,"a":2}',
        '{"bomFormat":"CycloneDX","a":1e999}',
        '[]',
        `{"bomFormat":"CycloneDX","a":${'['.repeat(500)}${']'.repeat(500)}}`,
      ]) {
        const odd = await sampleRun({ bom });
        const bundle = sealBundle(odd);
        expect([bom, bundle.has(WITH_BOM), failing(bundle, odd.trust)]).toEqual([bom, false, []]);
      }
    });

    it('a run that fails has none', async () => {
      const failed = await sampleRun({ bom: BOM, fails: true });
      const bundle = sealBundle(failed);
      expect(bundle.has(WITH_BOM)).toBe(false);
      expect(failing(bundle, failed.trust)).toEqual([]);
    });

    it('withholds a document whose statement would spell out a secret that its bytes escape', async () => {
      const escaped = await sampleRun({ bom: '{"bomFormat":"CycloneDX","x":"\\u0068unter2"}' });
      const holds = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('hunter2');
      const evidence = withholdSecrets(escaped.evidence, holds);
      const bundle = sealBundle({ ...escaped, evidence });
      expect(bundle.has(WITH_BOM)).toBe(false);
      expect(failing(bundle, escaped.trust)).toEqual([]);
      expect([...bundle.values()].some(holds)).toBe(false);
    });

    it('an Attestor is shown the document, derives the same statements, and refuses other bytes', () => {
      const documents = readEvidence(sample.evidence);
      const draft = new Map(draftFiles(documents).map(({ path, bytes }) => [path, bytes]));
      const artifact = `artifacts/${sha256(BOM).slice(7)}`;
      expect([...draft.keys()].filter((path) => path.startsWith('artifacts/'))).toEqual([artifact]);
      const request = { trust: sample.trust, verifySignature, asserted: sample.evidence.asserted };
      const { documents: shown } = verifyDraft({ ...request, files: draft });
      const own = shown && [buildProvenance(shown), ...bomStatements(shown).map(({ statement }) => statement)];
      const worker = [buildProvenance(documents), ...bomStatements(documents).map(({ statement }) => statement)];
      expect(own?.length).toBe(2);
      expect(canonical(asJson(own ?? {}))).toBe(canonical(asJson(worker)));
      draft.set(artifact, Buffer.from(BOM.replace('left-pad', 'right-pad')));
      const { checks, documents: none } = verifyDraft({ ...request, files: draft });
      expect(none).toBeNull();
      expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['artifacts.bytes']);
    });
  });
});
