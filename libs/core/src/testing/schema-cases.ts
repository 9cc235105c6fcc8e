import type { Json } from '../lib/foundation/json';

/** A schema, what fits it, and what does not. */
export interface SchemaCase {
  readonly name: string;
  readonly schema: Json;
  readonly fits: readonly Json[];
  readonly fails: readonly Json[];
}

/** `members` are written as JSON where a literal of TypeScript would mean something else: `__proto__`. */
const json = (text: string): Json => JSON.parse(text) as Json;
const one = (name: string, schema: Json, fits: readonly Json[], fails: readonly Json[]): SchemaCase => {
  return { name, schema, fits, fails };
};

const TREE: Json = { type: 'object', properties: { left: { $ref: '#' }, right: { $ref: '#' } }, required: ['v'] };

/** What every place that judges values must say alike. The first keyword or format of a name is what the case is about. */
export const SCHEMA_CASES: readonly SchemaCase[] = [
  one('type', { type: ['integer', 'string'] }, [1, 1.0, 'a'], [1.5, true, {}, []]),
  one('nullable', { type: 'string', nullable: true }, ['a'], [1]),
  one('enum', { enum: [1, 'a', { b: [1] }] }, [1, 'a', { b: [1] }], [2, '1', { b: [2] }, {}]),
  one('enum of a value with a member valueOf', { enum: [{ valueOf: 1 }] }, [{ valueOf: 1 }], [{ valueOf: 2 }, {}]),
  one('const', { const: { a: 1, b: 2 } }, [{ b: 2, a: 1 }], [{ a: 1 }, 1]),
  one('multipleOf', { multipleOf: 0.01 }, [4.02, 0, 'a'], [4.025]),
  one('multipleOf of a small number', { multipleOf: 0.0001 }, [0.0075], [0.00751]),
  one('maximum', { maximum: 3 }, [3, 'a'], [3.1]),
  one('exclusiveMaximum', { exclusiveMaximum: 3 }, [2.9], [3]),
  one('minimum', { minimum: 3 }, [3], [2.9]),
  one('exclusiveMinimum', { exclusiveMinimum: 3 }, [3.1], [3]),
  one('maxLength', { maxLength: 2 }, ['ab', '💩💩', 5], ['abc']),
  one('minLength', { minLength: 2 }, ['ab'], ['a', '💩']),
  one('pattern', { pattern: 'b+$' }, ['abb', 1], ['ba']),
  one('maxItems', { maxItems: 1 }, [[1], 'aa'], [[1, 2]]),
  one('minItems', { minItems: 1 }, [[1]], [[]]),
  one('uniqueItems', { uniqueItems: true }, [[1, '1', true, { a: 1, b: 2 }]], [[{ a: 1, b: 2 }, { b: 2, a: 1 }], [1, 1.0]]), // prettier-ignore
  one('maxProperties', { maxProperties: 1 }, [{ a: 1 }], [{ a: 1, b: 2 }]),
  one('minProperties', { minProperties: 1 }, [{ a: 1 }], [{}]),
  one('required', { required: ['a'] }, [{ a: null }, 'a'], [{}, { b: 1 }]),
  one('required names of Object.prototype', { required: ['toString', 'valueOf'] }, [{ toString: 1, valueOf: 2 }], [{}, { toString: 1 }]), // prettier-ignore
  one('dependentRequired', { dependentRequired: { a: ['b'] } }, [{}, { b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]),
  one('dependentRequired of toString', { dependentRequired: { toString: ['b'] } }, [{}], [{ toString: 1 }]),
  one('dependentSchemas', { dependentSchemas: { a: { required: ['b'] } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]),
  one('dependencies', { dependencies: { a: ['b'], c: { required: ['d'] } } }, [{ a: 1, b: 1 }], [{ a: 1 }, { c: 1 }]),
  one('properties', { properties: { a: { type: 'number' } } }, [{}, { a: 1 }, [1]], [{ a: 'x' }]),
  one('properties of Object.prototype', { properties: { toString: { type: 'number' }, hasOwnProperty: false } }, [{}, { toString: 1 }], [{ toString: 'x' }, { hasOwnProperty: 1 }]), // prettier-ignore
  one('patternProperties', { patternProperties: { '^x': { type: 'number' } } }, [{ a: 'b' }, { x: 1 }], [{ xy: 'a' }]),
  one('additionalProperties', { properties: { a: true }, additionalProperties: false }, [{ a: 1 }], [{ b: 1 }, { toString: 1 }]), // prettier-ignore
  one('propertyNames', { propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]),
  one('prefixItems', { prefixItems: [{ type: 'number' }, { type: 'string' }] }, [[], [1], [1, 'a', true]], [['a']]),
  one('items', { prefixItems: [true], items: { type: 'number' } }, [['a', 1], []], [['a', 'b']]),
  one('items that may not be', { prefixItems: [true], items: false }, [['a']], [['a', 1]]),
  one('contains', { contains: { type: 'number' } }, [['a', 1], 'a'], [[], ['a']]),
  one('minContains', { contains: { const: 1 }, minContains: 2 }, [[1, 1]], [[1]]),
  one('maxContains', { contains: { const: 1 }, minContains: 0, maxContains: 1 }, [[], [1, 2]], [[1, 1]]),
  one('unevaluatedItems', { allOf: [{ prefixItems: [true] }], contains: { const: 'x' }, unevaluatedItems: { type: 'number' } }, [['a', 1, 'x']], [['a', 'b', 'x']]), // prettier-ignore
  one('unevaluatedProperties', { allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, [{ a: 1 }], [{ b: 1 }, { toString: 1 }]), // prettier-ignore
  one('unevaluatedProperties beside anyOf', { anyOf: [{ properties: { a: { const: 1 } }, required: ['a'] }, { properties: { b: true }, required: ['b'] }], unevaluatedProperties: false }, [{ a: 1, b: 1 }, { b: 1 }], [{ a: 2, b: 1 }]), // prettier-ignore
  one('allOf', { allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1.5], [0, 3]),
  one('anyOf', { anyOf: [{ type: 'string' }, { minimum: 2 }] }, ['a', 2], [1]),
  one('oneOf', { oneOf: [{ multipleOf: 2 }, { multipleOf: 3 }] }, [2, 3], [6, 1]),
  one('not', { not: { type: 'string' } }, [1], ['a']),
  one('if', { if: { type: 'string' }, then: { minLength: 2 }, else: { minimum: 2 } }, ['ab', 2], ['a', 1]),
  one('then without if', { then: false, else: false }, [1], []),
  one('$ref', { $ref: '#/$defs/a~1b%25', $defs: { 'a/b%': { type: 'string' } } }, ['a'], [1]),
  one('$ref to the whole', TREE, [{ v: 1 }, { v: 1, left: { v: 2, right: { v: 3 } } }], [{}, { v: 1, left: {} }, { v: 1, left: { v: 1, right: 1 } }]), // prettier-ignore
  one('$ref beside other keywords', { $ref: '#/$defs/a', maximum: 3, $defs: { a: { minimum: 1 } } }, [2], [0, 4]),
  one('$id', { $id: 'https://x.test/root', properties: { a: { $ref: 'part' } }, $defs: { p: { $id: 'part', type: 'string' } } }, [{ a: 'x' }], [{ a: 1 }]), // prettier-ignore
  one('$anchor', { $ref: '#part', $defs: { a: { $anchor: 'part', type: 'string' } } }, ['a'], [1]),
  one('$dynamicRef', { $id: 'https://x.test/strict', $dynamicAnchor: 'node', $ref: 'tree', unevaluatedProperties: false, $defs: { t: { $id: 'tree', $dynamicAnchor: 'node', type: 'object', properties: { data: true, children: { items: { $dynamicRef: '#node' } } } } } }, [{ children: [{ data: 1 }] }], [{ children: [{ daat: 1 }] }]), // prettier-ignore
  one('annotations', { $schema: 'https://json-schema.org/draft/2020-12/schema', $comment: 'c', title: 't', description: 'd', default: 1, deprecated: true, readOnly: true, writeOnly: true, examples: [1], contentEncoding: 'base64', contentMediaType: 'a/b', contentSchema: false, type: 'string' }, ['a'], [1]), // prettier-ignore
  one('format date', { format: 'date' }, ['2020-02-29', 1], ['2021-02-29', '2020-13-01', '2020-1-01', '2020-19-39']),
  one('format date-time', { format: 'date-time' }, ['2020-01-01T00:00:00Z', '1990-12-31T15:59:60-08:00'], ['2020-01-01 00:00:00Z', '2020-01-01T00:00:00', '2020-01-01T00:00:00+0100', '2020-01-01T25:00:00Z']), // prettier-ignore
  one('format time', { format: 'time' }, ['08:30:06.283185Z', '23:59:60Z'], ['08:30:06', '22:59:60Z', '24:00:00Z']),
  one('format duration', { format: 'duration' }, ['P4Y1M', 'PT36H', 'P1W', 'P1DT1S'], ['P', 'P1Y2W', 'PT1D', 'P1Y1D', 'PT']), // prettier-ignore
  one('format email', { format: 'email' }, ['joe.b@example.com', '"joe b"@example.com', 'a@[127.0.0.1]', 'a@[IPv6:::1]'], ['joe', '.a@b.c', 'a..b@c.d', '@a', 'a@[1]', 'a@b@c']), // prettier-ignore
  one('format hostname', { format: 'hostname' }, ['www.example.com', 'a', '1host'], ['-a', 'a-', 'a_b', 'a..b', 'a.', `${'a'.repeat(64)}.b`]), // prettier-ignore
  one('format ipv4', { format: 'ipv4' }, ['192.168.0.1'], ['256.0.0.1', '1.2.3', '01.2.3.4', '1.2.3.4 ', '١.2.3.4']),
  one('format ipv6', { format: 'ipv6' }, ['::1', '::', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '1::8'], ['12345::', '1:2:3:4:5:6:7', '::1::', 'fe80::1%a', '1.2.3.4::', ':1']), // prettier-ignore
  one('format uri', { format: 'uri' }, ['http://a.test/?q=%41#f', 'urn:a:b', 'http://[::1]:80/'], ['/a', 'a b:c', 'http://a b', ':x', 'http://a/\\', 'http://a:x/', 'http://[:1]/']), // prettier-ignore
  one(
    'format uri-reference',
    { format: 'uri-reference' },
    ['/a', '', '#f', '//a.test', '../b'],
    ['\\a', 'a b', '#a\\', '1:b'],
  ),
  one('format iri', { format: 'iri' }, ['http://ƒøø.test/é'], ['/é', 'http://a b']),
  one('format iri-reference', { format: 'iri-reference' }, ['/é', '#ƒ'], ['#\\', 'é b']),
  one('format uri-template', { format: 'uri-template' }, ['http://a/{x,y*}/{+z:3}', ''], ['{', '{a b}', '}', '{}']),
  one('format uuid', { format: 'uuid' }, ['2eb8aa08-AA98-11ea-b4aa-73b441d16380'], ['2eb8aa08aa9811eab4aa73b441d16380', 'urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380']), // prettier-ignore
  one('format json-pointer', { format: 'json-pointer' }, ['', '/a~0b/~1'], ['a', '/~2', '/~']),
  one('format relative-json-pointer', { format: 'relative-json-pointer' }, ['0#', '1/a', '0'], ['/a', '01', '-1']),
  one('format regex', { format: 'regex' }, ['([abc])+\\s+$'], ['^(abc', '(?=a)']),
];

/** Names that the reader of documents and the planner refuse in values: judged by what takes values of the running steps. */
export const PROTOTYPE_CASES: readonly SchemaCase[] = [
  one('properties __proto__', json('{"properties":{"__proto__":{"type":"number"},"constructor":{"type":"number"}}}'), [{}, json('{"__proto__":1}'), { constructor: 1 }], [json('{"__proto__":"x"}'), { constructor: 'x' }]), // prettier-ignore
  one(
    'required __proto__',
    { required: ['__proto__', 'constructor'] },
    [json('{"__proto__":1,"constructor":1}')],
    [{}],
  ),
  one('no additional __proto__', { additionalProperties: false }, [{}], [json('{"__proto__":1}'), { constructor: 1 }]),
  one(
    'no unevaluated constructor',
    { unevaluatedProperties: false },
    [{}],
    [{ constructor: 1 }, json('{"__proto__":1}')],
  ),
  one(
    'const with __proto__',
    { const: json('{"__proto__":1}') },
    [json('{"__proto__":1}')],
    [{}, json('{"__proto__":2}')],
  ),
  one('dependentRequired of __proto__', json('{"dependentRequired":{"__proto__":["a"]}}'), [{}], [json('{"__proto__":1}')]), // prettier-ignore
];

/** What is no schema here: its place, and what is said or advised. */
export const REFUSED_SCHEMAS: readonly (readonly [name: string, schema: Json, pointer: string, said: RegExp])[] = [
  ['a reference to itself', { $ref: '#' }, '/$ref', /comes back to itself/],
  ['a reference to itself by its name', { $id: 'https://x.test/a', $ref: 'a' }, '/$ref', /comes back/],
  ['a reference to itself by an anchor', { $anchor: 'a', $ref: '#a' }, '/$ref', /comes back/],
  ['a dynamic reference to itself', { $dynamicAnchor: 'a', $dynamicRef: '#a' }, '/$dynamicRef', /comes back/],
  ['two references that lead to each other', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }, '/$defs/b/$ref', /comes back/], // prettier-ignore
  ['a circle through allOf', { $defs: { a: { allOf: [{ type: 'object' }, { $ref: '#/$defs/b' }] }, b: { allOf: [{ $ref: '#/$defs/a' }] } } }, '/$defs/b/allOf/0/$ref', /comes back/], // prettier-ignore
  ['a circle through anyOf', { anyOf: [{ $ref: '#' }, { type: 'null' }] }, '/anyOf/0/$ref', /comes back/],
  ['a circle through not', { not: { $ref: '#' } }, '/not/$ref', /comes back/],
  ['a circle through if', { if: { $ref: '#' } }, '/if/$ref', /comes back/],
  ['a circle through dependentSchemas', { dependentSchemas: { a: { $ref: '#' } } }, '/dependentSchemas/a/$ref', /comes back/], // prettier-ignore
  ['a circle beside progress', { properties: { a: { $ref: '#/properties/a' } } }, '/properties/a/$ref', /comes back/],
  ['a keyword that is not known', { properties: { a: { minLenght: 1 } } }, '/properties/a/minLenght', /Did you mean minLength/], // prettier-ignore
  ['a keyword of another draft', { additionalItems: false }, '/additionalItems', /prefixItems/],
  ['$recursiveRef', { $recursiveRef: '#' }, '/$recursiveRef', /\$dynamicRef/],
  ['a format that is not known', { items: { format: 'data-time' } }, '/items/format', /Did you mean date-time/],
  ['a format that is not claimed', { format: 'idn-hostname' }, '/format', /Write hostname/],
  ['a type that is not known', { type: 'strng' }, '/type', /Did you mean string/],
  ['a pattern that is none', { pattern: '(' }, '/pattern', /RE2/],
  ['a pattern with look-ahead', { patternProperties: { '(?=a)': true } }, '/patternProperties/(?=a)', /RE2/],
  ['a pattern that repeats too much', { pattern: '((((a{9}){9}){9}){9}){9}' }, '/pattern', /RE2/],
  ['a reference to elsewhere', { $ref: 'https://example.org/s' }, '/$ref', /outside/],
  ['a reference to the meta-schema', { $ref: 'https://json-schema.org/draft/2020-12/schema' }, '/$ref', /outside/],
  ['a reference to nothing', { $ref: '#/$defs/a' }, '/$ref', /no schema/],
  ['a reference to a name of Object.prototype', { $ref: '#/$defs/toString', $defs: {} }, '/$ref', /no schema/],
  ['a reference to what is no schema', { const: { type: 'null' }, $ref: '#/const' }, '/$ref', /no schema/],
  ['a reference to an anchor that is not', { $ref: '#a' }, '/$ref', /anchor/],
  ['two anchors', { $defs: { a: { $anchor: 'x' }, b: { $anchor: 'x' } } }, '/$defs/b/$anchor', /two schemas/],
  ['two ids', { $defs: { a: { $id: 'https://x.test' }, b: { $id: 'https://x.test' } } }, '/$defs/b/$id', /two schemas/],
  ['another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema', /2020-12/],
  ['a count below 0', { minLength: -1 }, '/minLength', /whole number/],
  ['names that are none', { required: 'a' }, '/required', /list of different names/],
  ['an empty enum', { enum: [] }, '/enum', /at least one/],
  ['a list where a schema belongs', { items: [{ type: 'null' }] }, '/items', /a schema is an object/],
];
