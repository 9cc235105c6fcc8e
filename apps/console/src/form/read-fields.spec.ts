import type { PackDetail } from '@taskrunner/client';
import { fieldsOfInputs, fieldsOfSchema, type Schema } from './field';
import { faultsOfServer, initialEntries, keptEntries, readFields, readForm, readWhole } from './read-fields';

const rule = (name: string, type: string, more: Partial<PackDetail['inputs'][number]> = {}) => ({
  ...{ name, type, description: null, required: false, default: null, enum: null, schema: null, sensitive: false },
  ...more,
});

const INPUTS = fieldsOfInputs([
  rule('domain', 'string', { required: true, schema: { pattern: '^[a-z.]+$' } }),
  rule('count', 'integer', { default: 21, schema: { minimum: 1 } }),
  rule('force', 'boolean', { default: false }),
  rule('loud', 'boolean'),
  rule('region', 'string', { enum: ['eu', 'us'], default: 'eu' }),
  rule('hosts', 'array', { schema: { items: { type: 'string' }, maxItems: 2 } }),
  rule('systems', 'array', { schema: { items: { type: 'object' } } }),
  rule('bundle', 'file', { required: true }),
  rule('token', 'string', { sensitive: true }),
]);

it('gives each input the entry that suits it', () => {
  expect(INPUTS.map(({ kind }) => kind)).toEqual([
    ...['text', 'number', 'switch', 'choice', 'choice', 'lines', 'json', 'file', 'text'],
  ]);
  expect(initialEntries(INPUTS)).toMatchObject({ count: '21', force: 'false', loud: '', region: '"eu"', hosts: '' });
});

it('reads values of the right types, and leaves out what is empty', () => {
  const bundle = new File(['x'], 'bundle.tar');
  const entries = { ...initialEntries(INPUTS), domain: 'example.org', loud: 'true', hosts: ' a \n\nb\n', bundle };
  expect(readFields(INPUTS, entries)).toEqual({
    values: { domain: 'example.org', count: 21, force: false, loud: true, region: 'eu', hosts: ['a', 'b'] },
    files: { bundle },
    faults: {},
  });
});

it('says at each entry what is wrong, by the schema that the server applies', () => {
  const entries = { domain: 'EXAMPLE', count: '0.5', hosts: 'a\nb\nc', systems: '{', bundle: '' };
  const { faults } = readFields(INPUTS, entries);
  expect(Object.keys(faults)).toEqual(['domain', 'count', 'hosts', 'systems', 'bundle']);
  expect(faults['count']).toEqual([expect.stringMatching(/integer/), expect.stringMatching(/1/)]);
  expect(faults['systems']).toEqual([expect.stringMatching(/not JSON/)]);
  expect(readFields(INPUTS, { ...entries, count: 'many' }).faults['count']).toEqual(['This is not a number.']);
});

const FORM: Schema = {
  type: 'object',
  required: ['window'],
  additionalProperties: false,
  properties: {
    seats: { $ref: '#/$defs/seats' },
    window: { type: 'string', enum: ['night', 'day'], title: 'Window' },
  },
  $defs: { seats: { type: 'integer', maximum: 3 } },
};

it('makes a form of a JSON Schema, and checks the value as a whole', () => {
  const fields = fieldsOfSchema(FORM) ?? [];
  expect(fields.map(({ name, kind, title }) => [name, kind, title])).toEqual([
    ['seats', 'json', null],
    ['window', 'choice', 'Window'],
  ]);
  expect(readForm(FORM, fields, { window: '"night"', seats: '4' }).faults).toEqual({
    seats: [expect.stringMatching(/^seats must /)],
  });
  // Everything that is wrong, at once, and each thing once.
  expect(readForm(FORM, fields, { window: '"noon"', seats: '4' }).faults).toEqual({
    window: [expect.stringMatching(/^Window must /)],
    seats: [expect.stringMatching(/^seats must /)],
  });
  expect(readForm(FORM, fields, { window: '', seats: '4' }).faults).toEqual({
    window: ['A value is needed.'],
    seats: [expect.stringMatching(/^seats must /)],
  });
  expect(readForm(FORM, fields, { window: '"day"', seats: '' })).toMatchObject({
    values: { window: 'day' },
    faults: {},
  });
});

it('has no entries for a schema of anything else, which is written as JSON', () => {
  expect(fieldsOfSchema({ anyOf: [{ type: 'string' }] })).toBeNull();
  expect(readWhole({ type: 'object' }, '{"a":1}')).toEqual({ value: { a: 1 }, faults: [] });
  expect(readWhole({ type: 'object' }, '7').faults).toHaveLength(1);
  expect(readWhole({ type: 'object' }, '{').faults).toEqual([expect.stringMatching(/not JSON/)]);
});

it('puts what the server says beside the entry that it is about', () => {
  const fault = (path: string) => ({ path, message: 'It is wrong.', remediation: 'Change it.' });
  expect(faultsOfServer([fault('/inputs/domain/0'), fault('/spec/steps/0')], INPUTS, '/inputs')).toEqual({
    domain: ['It is wrong. Change it.'],
    '': ['It is wrong. Change it.'],
  });
});

it('keeps neither files nor secrets over a reload, however deep a schema marks them', () => {
  const secret = { type: 'object', properties: { pin: { type: 'string', writeOnly: true } } };
  const inputs = fieldsOfInputs([
    rule('plain', 'string'),
    rule('token', 'string', { sensitive: true }),
    rule('password', 'string', { schema: { format: 'password' } }),
    rule('logins', 'array', { schema: { items: secret } }),
    rule('bundle', 'file'),
  ]);
  const entries = { plain: 'a', token: 'b', password: 'c', logins: '[]', bundle: new File(['x'], 'bundle.tar') };
  expect(keptEntries(inputs, entries)).toEqual({ plain: 'a' });

  const form = fieldsOfSchema({
    type: 'object',
    $defs: { secret },
    properties: { window: { type: 'string' }, login: { $ref: '#/$defs/secret' }, pin: { format: 'password' } },
  });
  expect(keptEntries(form ?? [], { window: 'night', login: '{}', pin: '1' })).toEqual({ window: 'night' });
});

it('has no answer of a required yes or no before a person gives one, and misses it', () => {
  const schema: Schema = {
    type: 'object',
    required: ['tested', 'kept'],
    properties: { tested: { type: 'boolean' }, kept: { type: 'boolean', default: true } },
  };
  const fields = fieldsOfSchema(schema) ?? [];
  expect(fields.map(({ kind, choices }) => [kind, choices])).toEqual([
    ['choice', [true, false]],
    ['switch', []],
  ]);
  const entries = initialEntries(fields);
  expect(entries).toEqual({ tested: '', kept: 'true' });
  expect(readForm(schema, fields, entries)).toEqual({
    values: { kept: true },
    files: {},
    faults: { tested: ['A value is needed.'] },
  });
  expect(readForm(schema, fields, { ...entries, tested: 'false' }).values).toEqual({ tested: false, kept: true });
  // An input of a pack is the same.
  expect(initialEntries(fieldsOfInputs([rule('force', 'boolean', { required: true })]))).toEqual({ force: '' });
});
