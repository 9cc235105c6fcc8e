import fc from 'fast-check';
import type { Json } from '../foundation/json';
import { JsonMeter, type JsonBounds, type JsonExcess } from './json-meter';
import { lawRuns } from '../../testing/runs-of-laws';

const WIDE: JsonBounds = { levels: 100, keys: 1_000, elements: 1_000, values: 2_000 };
const encoder = new TextEncoder();

/** The excess of a text that arrives in pieces, and the number of bytes taken until then. */
function metered(pieces: readonly Uint8Array[], bounds: Partial<JsonBounds>): [JsonExcess | null, number] {
  const meter = new JsonMeter({ ...WIDE, ...bounds });
  let taken = 0;
  for (const piece of pieces) {
    taken += piece.length;
    const excess = meter.add(piece);
    if (excess) return [excess, taken];
  }
  return [null, taken];
}

/** Keys and elements of a value, counted on the value itself. */
function countOf(value: Json): { keys: number; elements: number; levels: number } {
  const below = typeof value === 'object' && value !== null ? Object.values(value) : [];
  const counts = below.map(countOf);
  const sum = (of: 'keys' | 'elements') => counts.reduce((total, count) => total + count[of], 0);
  const isList = Array.isArray(value);
  return {
    keys: sum('keys') + (isList ? 0 : below.length),
    elements: sum('elements') + (isList ? below.length : 0),
    levels: (typeof value === 'object' && value !== null ? 1 : 0) + Math.max(0, ...counts.map(({ levels }) => levels)),
  };
}

describe('JsonMeter', () => {
  it.each([
    ['levels', '['.repeat(12e6), { levels: 100 }, 100],
    ['levels', `{"a":${'{"b":'.repeat(200)}`, { levels: 3 }, 15],
    ['elements', `[${'[],'.repeat(1e6)}`, { elements: 1_000 }, 3_000],
    ['keys', `{${'"k":1,'.repeat(1e6)}`, { keys: 1_000 }, 6_004],
    ['values', '{"a":[1,2,3,4]}', { values: 4 }, 11],
  ] as const)('finds too many %s long before the text ends: %#', (of, text, bounds, at) => {
    const piece = 1_024;
    const bytes = encoder.encode(text.slice(0, 1e6));
    const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
      bytes.subarray(i * piece, (i + 1) * piece),
    );
    const [excess, taken] = metered(pieces, bounds);
    expect(excess).toEqual({ of, most: { ...WIDE, ...bounds }[of], at });
    expect(taken).toBeLessThanOrEqual(at + piece);
  });

  it('counts nothing inside texts, wherever they are cut', () => {
    const bytes = encoder.encode(JSON.stringify({ 'a[{:,"\\': '[[[{{{,,,:::"\\"\\\\', b: ['é,[', '\\'] }));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(metered(pieces, { keys: 2, elements: 2, levels: 2, values: 4 })[0]).toBeNull();
      expect(metered(pieces, { values: 3 })[0]?.of).toBe('values');
    }
  });

  it('counts what the value has, whatever its spaces', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom('', ' ', '\n\t'), (value, blank) => {
        const bytes = encoder.encode(JSON.stringify(value, null, blank));
        const { keys, elements, levels } = countOf(value as Json);
        const bounds = { keys, elements, levels, values: keys + elements };
        expect(metered([bytes], bounds)[0]).toBeNull();
        if (keys > 0) expect(metered([bytes], { ...bounds, keys: keys - 1 })[0]?.of).toBe('keys');
        if (elements > 0) expect(metered([bytes], { ...bounds, elements: elements - 1 })[0]?.of).toBe('elements');
        if (levels > 0) expect(metered([bytes], { ...bounds, levels: levels - 1 })[0]?.of).toBe('levels');
      }),
      lawRuns(),
    );
  });
});
