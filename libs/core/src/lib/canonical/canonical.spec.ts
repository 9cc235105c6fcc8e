import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { canonicalize } from 'json-canonicalize';
import type { Json } from '../foundation/json';
import { canonical } from './canonical';
import { digestOf, sha256 } from './digest';
import { lawRuns } from '../../testing/runs-of-laws';

const root = process.env['TASKRUNNER_VECTORS'] ?? join(__dirname, '../../../../../../shared/vectors');
const vectors = join(root, 'jcs', 'testdata');
const names = existsSync(vectors) ? readdirSync(join(vectors, 'input')).sort() : [];
if (names.length === 0) console.warn(`skipped: no RFC 8785 vectors in ${vectors}`);

describe('canonical (RFC 8785)', () => {
  (names.length === 0 ? it.skip : it)('has the six published vectors', () => expect(names).toHaveLength(6));

  for (const name of names) {
    it(`gives the published text and bytes of ${name}`, () => {
      const input = JSON.parse(readFileSync(join(vectors, 'input', name), 'utf8')) as Json;
      const text = canonical(input);
      expect(text).toBe(readFileSync(join(vectors, 'output', name), 'utf8'));
      const hex = readFileSync(join(vectors, 'outhex', name.replace('.json', '.txt')), 'utf8')
        .trim()
        .split(/\s+/)
        .join('');
      expect(Buffer.from(text).toString('hex')).toBe(hex);
    });
  }

  it('agrees with another implementation on any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(canonical(value as Json)).toBe(canonicalize(value));
      }),
      lawRuns(),
    );
  });

  it('does not depend on the order of keys, and reads back to the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (object) => {
        const turned = Object.fromEntries(Object.entries(object).reverse()) as Json;
        expect(canonical(turned)).toBe(canonical(object as Json));
        expect(canonical(JSON.parse(canonical(turned)) as Json)).toBe(canonical(turned));
      }),
      lawRuns(),
    );
  });

  it('visits a member once or twice, however deep the object is in which members are out of order', () => {
    let visits = 0;
    let value: object = {
      b: 0,
      get a() {
        visits += 1;
        return visits;
      },
    };
    for (let depth = 0; depth < 24; depth++) value = { inner: value };
    expect(canonical(value as Json)).toContain('{"a":2,"b":0}');
    expect(visits).toBe(2);
  });

  it.each([
    ['NaN', NaN],
    ['an infinity', Infinity],
    ['undefined', undefined],
    ['undefined in a list', [undefined]],
    ['a function', () => 1],
    ['a big integer', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['half a character', '\ud800'],
    ['half a character in a key', { '\udc00': 1 }],
  ])('refuses %s, which JSON cannot say', (_what, value) => {
    expect(() => canonical(value as unknown as Json)).toThrow(TypeError);
  });
});

describe('digests', () => {
  it('are sha256 of UTF-8 bytes, in lower case', () => {
    expect(sha256('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(new TextEncoder().encode('ä'))).toBe(sha256('ä'));
    expect(digestOf({ b: 1, a: [] })).toBe(sha256('{"a":[],"b":1}'));
  });
});
