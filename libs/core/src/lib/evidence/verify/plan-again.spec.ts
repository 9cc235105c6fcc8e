import { canonical } from '../../canonical/canonical';
import type { JsonObject } from '../../foundation/json';
import { planned, packText, testEnvironment } from '../../../testing/planning';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { planAgain, readCarriedPack, type PlannedAgain } from './plan-again';

const manifest = (schema: string): string =>
  packText('- { id: a, run: { uses: "builtin:noop" } }', `inputs: [ { name: x, type: string, schema: ${schema} } ]`);

/** Documents of a run of this manifest with this input, admitted in an environment that names these engines. */
function again(text: string, x: string, engines: Readonly<Record<string, number>>): PlannedAgain {
  const { plan, profile } = planned(manifest('{ type: string }'), { x });
  const evidence = { pack: { manifest: text, files: [] } } as unknown as EvidenceDocuments['evidence'];
  const environment = { ...testEnvironment, engines };
  const documents = { evidence, plan, profile, environment } as unknown as EvidenceDocuments;
  return planAgain(JSON.parse(canonical({ ...(documents as unknown as JsonObject) })) as EvidenceDocuments, () => readCarriedPack(evidence), {}); // prettier-ignore
}

const OLD = { cel: 1, jmespath: 1 };
const NEW = { ...OLD, 'json-schema': 2 };

it('plans again what schemas accept', () => {
  const text = manifest('{ type: string }');
  const { planHash } = planned(text, { x: 'a' });
  expect(again(text, 'a', NEW)).toEqual({ kind: 'planned', planHash });
  expect(again(text, 'a', OLD)).toEqual({ kind: 'planned', planHash });
});

it.each([
  ['a value that older rules accepted', manifest('{ format: date }'), '2020-19-39', 'INPUT_INVALID'],
  ['a schema that older rules accepted', manifest('{ $recursiveRef: "#" }'), 'a', 'SCHEMA_INVALID'],
])('does not judge %s by rules that came later', (_, text, x, code) => {
  expect(again(text, x, NEW)).toEqual({ kind: 'refused', code });
  expect(again(text, x, OLD)).toMatchObject({ kind: 'untried' });
});

it('still refuses anything else in an older run', () => {
  const text = manifest('{ format: date }').replace('builtin:noop', 'builtin:nop');
  expect(again(text, '2020-19-39', OLD)).toMatchObject({ kind: 'refused' });
});
