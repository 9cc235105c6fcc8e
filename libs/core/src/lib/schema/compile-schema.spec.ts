import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROTOTYPE_CASES, REFUSED_SCHEMAS, SCHEMA_CASES } from '../../testing/schema-cases';
import type { Json, JsonObject } from '../foundation/json';
import { compileSchema, describeFindings } from './compile-schema';
import { FORMATS, REFUSED_FORMATS } from './formats';
import { KEYWORDS, REFUSED_KEYWORDS } from './keyword';

function said(schema: Json, value: Json): readonly string[] {
  const compiled = compileSchema(schema);
  if (compiled.kind === 'invalid') throw new Error(JSON.stringify(compiled.faults));
  return compiled.findings(value).map(({ pointer, message }) => `${pointer} ${message}`);
}

describe('a schema', () => {
  it.each([...SCHEMA_CASES, ...PROTOTYPE_CASES].map((one) => [one.name, one] as const))(
    'judges by %s',
    (_, { schema, fits, fails }) => {
      for (const value of fits) expect([value, said(schema, value)]).toEqual([value, []]);
      for (const value of fails) expect([value, said(schema, value).length > 0]).toEqual([value, true]);
      // `not` asks the same without words.
      const inner = { $id: 'https://inner.test/', ...(schema as JsonObject) };
      for (const value of fails) expect([value, said({ not: inner }, value)]).toEqual([value, []]);
    },
  );

  it.each(REFUSED_SCHEMAS)('is refused: %s', (_, schema, pointer, text) => {
    const compiled = compileSchema(schema);
    expect(compiled).toMatchObject({ kind: 'invalid', faults: [{ pointer }] });
    if (compiled.kind === 'schema') return;
    expect(compiled.faults.map(({ message, remediation }) => `${message} ${remediation}`).join()).toMatch(text);
    for (const { remediation } of compiled.faults) expect(remediation ?? 'X.').toMatch(/^[A-Z].*[.?}]$/);
  });

  it('is refused with all that is wrong with it, twenty at most', () => {
    expect(compileSchema({ type: 'x', minLength: -1, foo: 1 })).toMatchObject({
      faults: [{ pointer: '/type' }, { pointer: '/minLength' }, { pointer: '/foo', atKey: true }],
    });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x${index}`, 1]));
    expect(compileSchema(many)).toMatchObject({ faults: { length: 20 } });
  });

  it('says where a value does not fit, and never the value', () => {
    const schema = {
      type: 'object',
      required: ['id'],
      properties: { list: { items: { type: 'integer' } }, 'a/b~': { format: 'date' }, one: { enum: ['x'] } },
      additionalProperties: false,
    };
    expect(said(schema, { list: [1, 'SECRET'], 'a/b~': 'SECRET', one: 'SECRET', more: 'SECRET' })).toEqual([
      " must have required property 'id'",
      '/list/1 must be integer',
      '/a~1b~0 must match format "date"',
      '/one must be equal to one of the allowed values',
      ' must NOT have additional properties',
    ]);
    expect(
      describeFindings([
        { pointer: '', message: 'must be x' },
        { pointer: '/a', message: 'must be y' },
      ]),
    ).toBe('(root) must be x; /a must be y');
  });
});

describe('what schemas may say', () => {
  const guide = readFileSync(join(__dirname, '../../../../../docs/guides/writing-packs.md'), 'utf8');
  const section = guide.slice(guide.indexOf('## Schemas'));
  const row = (title: string): readonly string[] => {
    const line = section.split('\n').find((text) => text.startsWith(`| ${title} |`)) ?? '';
    return [...(line.split('|')[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string).sort();
  };
  const sorted = (names: Iterable<string>): readonly string[] => [...names].sort();

  it('has a case for every keyword that asserts and for every format', () => {
    const names = SCHEMA_CASES.flatMap(({ name }) => (name.startsWith('format ') ? [name.slice(7)] : name.split(' ')));
    const asserted = [...KEYWORDS].filter(([, { role }]) => role === 'asserts').map(([name]) => name);
    const beside = ['format', 'then', 'else', 'if'];
    expect(asserted.filter((name) => !names.includes(name) && !beside.includes(name))).toEqual([]);
    expect([...FORMATS.keys()].filter((name) => !names.includes(name))).toEqual([]);
  });

  it('stands in the guide: keywords, formats, and what is refused', () => {
    const role = (wanted: string) => [...KEYWORDS].filter(([, one]) => one.role === wanted).map(([name]) => name);
    expect(row('checked')).toEqual(sorted(role('asserts')));
    expect(row('structure')).toEqual(sorted(role('core')));
    expect(row('accepted without a check')).toEqual(sorted(role('annotates')));
    expect(row('refused keywords')).toEqual(sorted(REFUSED_KEYWORDS.keys()));
    expect(row('formats')).toEqual(sorted(FORMATS.keys()));
    expect(row('refused formats')).toEqual(sorted(REFUSED_FORMATS.keys()));
  });
});
