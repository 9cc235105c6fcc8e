import { packFiles, packText, plan } from '../../../testing/planning';
import { BROKEN_MANIFESTS, marked } from '../../../testing/broken-manifests';
import { TEN_CODES, TEN_FAULTS } from '../../../testing/ten-faults';

describe('broken manifests', () => {
  it.each(BROKEN_MANIFESTS.map(([what, text, ...faults]) => ({ what, text, faults })))('$what', ({ text, faults }) => {
    const broken = marked(text);
    const planning = plan(broken.text);
    const found = planning.kind === 'refused' ? planning.faults : [];
    expect(found.map(({ code, line, column, message }) => `${line}:${column} ${code} ${message}`)).toEqual(
      faults.map((fault, index) => `${broken.places[index]} ${fault}`),
    );
    for (const { remediation } of found) expect(remediation).toMatch(/^[A-Z].*[.?}\]]$/);
  });

  it('are many, of many codes, and say at which place', () => {
    expect(BROKEN_MANIFESTS.length).toBeGreaterThanOrEqual(80);
    const codes = BROKEN_MANIFESTS.flatMap(([, , ...faults]) => faults.map((fault) => fault.split(' ')[0]));
    expect(new Set(codes).size).toBeGreaterThanOrEqual(70);
  });

  it('are faulty in the same places when they are JSON', () => {
    const text = `{\n  "apiVersion": "stellaops.io/pack.v1",\n  "kind": "TaskPack",\n  "metadata": { "name": "X", "version": "1.0.0" },\n  "spec": { "steps": [ { "id": "a", "rum": {} } ] }\n}\n`;
    const planning = plan(text);
    expect(planning.kind === 'refused' && planning.faults.map((f) => `${f.code} ${f.line}:${f.column}`)).toEqual([
      'PACK_NAME 4:25',
      'PACK_STEP_KIND 5:24',
      'PACK_UNKNOWN_FIELD 5:37',
    ]);
  });
});

it('reports ten different faults of one manifest in one go', () => {
  const { text, places } = marked(TEN_FAULTS);
  const planning = plan(text);
  const found = planning.kind === 'refused' ? planning.faults : [];
  expect(found.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual(
    TEN_CODES.map((code, index) => `${code} ${places[index]}`),
  );
  expect(new Set(TEN_CODES).size).toBe(10);
});

describe('faults of the document and of the pack', () => {
  const faulty = (steps: string, spec = ''): readonly string[] => {
    const planning = plan(packText(steps, spec));
    return planning.kind === 'refused' ? planning.faults.map((f) => `${f.code} ${f.path}`) : [];
  };

  it('come together', () => {
    expect(faulty('- { id: a, name: !!str x, run: { uses: noop } }')).toEqual([
      'DOC_TAG /spec/steps/0/name',
      'PACK_USES /spec/steps/0/run/uses',
    ]);
  });

  it('are not told of what could not be read', () => {
    expect(faulty('- { id: *a, needs: *b, run: *c }')).toEqual([
      'DOC_ALIAS /spec/steps/0/id',
      'DOC_ALIAS /spec/steps/0/needs',
      'DOC_ALIAS /spec/steps/0/run',
    ]);
    expect(faulty('- { id: a, <<: *x }')).toEqual(['DOC_MERGE_KEY /spec/steps/0', 'DOC_ALIAS /spec/steps/0']);
    expect(
      faulty(
        '- { id: a, run: { uses: "builtin:noop", secrets: [key] } }\n- { id: g, gate: { approval: o } }',
        '<<: *x',
      ),
    ).toEqual(['DOC_MERGE_KEY /spec', 'DOC_ALIAS /spec']);
  });
});

describe('faults in a file of the pack', () => {
  const shown = (contents: Readonly<Record<string, string>>, spec: string): readonly string[] => {
    const text = packText('- { id: a, run: { uses: "builtin:noop" } }', spec);
    const planning = plan(text, {}, { files: packFiles(contents) });
    return planning.kind === 'refused'
      ? planning.faults.map((f) => `${f.code} ${f.file ?? 'pack.yaml'}:${f.line}:${f.column} ${f.path}`)
      : [];
  };
  const INPUT = 'inputs: [ { name: x, type: object, schema: schemas/x.json } ]';

  it('are shown in that file', () => {
    const at = (text: string) => shown({ 'schemas/x.json': text }, INPUT);
    expect(at('{\n  "type": "object",\n  "type": "array"\n}\n')).toEqual([
      'DOC_DUPLICATE_KEY schemas/x.json:3:3 /type',
    ]);
    expect(at('{\n  "properties": { "a": { "type": "nothing" } }\n}\n')).toEqual([
      'SCHEMA_INVALID schemas/x.json:2:34 /properties/a/type',
    ]);
    expect(at('[]')).toEqual(['SCHEMA_INVALID schemas/x.json:1:1 ']);
    expect(
      shown({ 'p.cel': 'inputs.x == 1 &&\n  1 +\n' }, 'policies: [ { id: p, engine: cel, path: p.cel } ]'),
    ).toEqual([expect.stringMatching(/^POLICY_SYNTAX p\.cel:[23]:\d+ $/)]);
  });

  it('come after those of the manifest', () => {
    const faults = shown({ 'schemas/x.json': '[]' }, `${INPUT}\ntimeout: 1h\noutputs: [ { name: o, type: integer, value: "{{ steps.a.status }}" } ]`); // prettier-ignore
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['PLAN_OUTPUT_TYPE', 'SCHEMA_INVALID']);
  });
});
