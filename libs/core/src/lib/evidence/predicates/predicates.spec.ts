import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleRun } from '../../../testing/sample-evidence';
import { aKey, sealBundle } from '../../../testing/sample-signing';
import { aScheduleRecord } from '../../../testing/schedule-ledger';
import type { Json } from '../../foundation/json';
import { compileSchema } from '../../schema/compile-schema';
import { PAYLOAD_TYPE } from '../records/documents';
import { readEvidence } from '../records/evidence-documents';
import { buildPackStatement } from '../statement/pack-signature';
import { BUILD_TYPE } from './provenance';
import { BUILD_TYPE_V1, buildProvenanceV1 } from './provenance-v1';
import { payloadOf, readCheckpoint, readRelease, readResolution } from '../records/read-documents';
import { readSigstore } from '../encoding/sigstore';
import { PREDICATE } from '../statement/statement';

// The pages in docs/predicates describe what is signed: their examples and the current output match their schemas.

const FOLDER = join(__dirname, '../../../../../../docs/predicates');
const BOM = '{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[]}';

interface Documented {
  readonly text: string;
  readonly schemas: readonly object[];
  readonly examples: readonly object[];
}

function pageOf(name: string): Documented {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const blocks = (heading: string): readonly object[] =>
    [...text.matchAll(new RegExp(`^#+ ${heading}\\n\\n\`\`\`json\\n(.*?)\`\`\`$`, 'gms'))].map(
      ([, json]) => JSON.parse(json ?? '') as object,
    );
  return { text, schemas: blocks('Schema'), examples: blocks('Example') };
}

function faultsOf(schema: object | undefined, value: object | undefined): unknown {
  const compiled = compileSchema((schema ?? {}) as Json);
  return compiled.kind === 'schema' ? compiled.findings((value ?? null) as Json) : compiled;
}

const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md');

it.each(pages)('%s has an example for each schema that fits it, and the index names it', (name) => {
  const { schemas, examples } = pageOf(name);
  expect(schemas.length).toBeGreaterThan(0);
  expect(examples.length).toBe(schemas.length);
  schemas.forEach((schema, i) => expect(faultsOf(schema, examples[i])).toEqual([]));
  expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(`](${name})`);
});

describe('what the code makes', () => {
  const made = new Map<string, object>();
  let records: readonly object[];
  beforeAll(async () => {
    const sample = await sampleRun({ bom: BOM, publishers: [aKey('pack')] });
    const files = sealBundle(sample);
    const statement = (name: string): object => {
      const { envelope } = readSigstore(files.get(`attestations/${name}.sigstore.json`) ?? new Uint8Array());
      return JSON.parse(new TextDecoder().decode(envelope.payload)) as object;
    };
    const documents = readEvidence(sample.evidence);
    made.set('pack-run-v1.md', statement('pack-run'));
    made.set('task-pack-v2.md', statement('slsa'));
    made.set('task-pack-v1.md', buildProvenanceV1(documents) as object);
    made.set('cyclonedx.md', statement('cyclonedx'));
    made.set('evidence-bundle-v1.md', statement('manifest'));
    made.set('pack-v1.md', buildPackStatement(documents.plan.pack, null));
    records = [documents.admission.record, ...[...documents.decisions.values()].map(({ record }) => record)];
  });

  it('fits the schema of its page', () => {
    for (const [name, statement] of made) {
      const [schema] = pageOf(name).schemas;
      expect([name, faultsOf(schema, statement)]).toEqual([name, []]);
      const { predicate, ...rest } = statement as { predicate: object };
      expect(faultsOf(schema, rest)).not.toEqual([]);
      expect(faultsOf(schema, { ...rest, predicate: {} })).not.toEqual([]);
      expect(predicate).toBeDefined();
    }
    const { schemas, examples } = pageOf('records.md');
    expect(faultsOf(schemas[0], records[0])).toEqual([]);
    expect(faultsOf(schemas[1], records[1])).toEqual([]);
    expect(faultsOf(schemas[1], { ...records[1], more: 1 })).not.toEqual([]);
    expect(readResolution(payloadOf(examples[2] ?? {}))).toEqual(examples[2]);
    expect(readCheckpoint(payloadOf(examples[3] ?? {}))).toEqual(examples[3]);
    expect(readRelease(payloadOf(examples[4] ?? {}))).toEqual(examples[4]);
    const schedule = JSON.parse(JSON.stringify(aScheduleRecord)) as object;
    expect(faultsOf(schemas[5], schedule)).toEqual([]);
    expect(faultsOf(schemas[5], { ...schedule, more: 1 })).not.toEqual([]);
  });

  it('has URIs that a page names', () => {
    const all = ['README.md', ...pages].map((name) => pageOf(name).text).join('\n');
    const { intent: _unpublished, ...types } = PAYLOAD_TYPE;
    for (const uri of [...Object.values(PREDICATE), BUILD_TYPE, BUILD_TYPE_V1, ...Object.values(types)])
      expect(all).toContain(`\`${uri}\``);
  });
});
