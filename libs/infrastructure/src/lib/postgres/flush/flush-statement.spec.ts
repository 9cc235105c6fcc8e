import { flushOf, wholeFlush } from './flush-statement';
import type { FlushPart } from './flush-values';
import { statement } from '../connection/statement';

const empty: FlushPart['rows'] = {
  ...{
    run: [Array.from({ length: 20 }, () => null)],
    page: [['m', 'e', null]],
    steps: [],
    reused: [],
    snapshot: [[false]],
    message: [[null]],
    journaled: [[false]],
  },
  ...{ gatesOpened: [], gatesEnded: [], places: [], artifacts: [], outbox: [], lent: [], revoked: [], settled: [] },
  items: [],
};
const part = (prevSeq: number, more: Partial<FlushPart['rows']> = {}): FlushPart => ({
  ...{ rows: { ...empty, ...more }, isFirst: prevSeq === 0, size: 1 },
  ...{ texts: { entries: '[]', held: null }, itemId: null, content: Buffer.alloc(0) },
});
const steps = { steps: [Array.from({ length: 15 }, () => 's')], reused: [[null]] };
const cells = (width: number): FlushPart['rows']['lent'] => [Array.from({ length: width }, () => 'x')];
const armsOf = (text: string): string[] => [...text.matchAll(/^(?:with|\),) (\w+) as/gm)].map(([, name = '']) => name);

describe('a flush', () => {
  it.each([
    ['flush', [part(4), part(5)], ['owned', 'told', 'pages']],
    ['flush single', [part(4)], ['owned', 'told', 'pages']],
    ['flush single first', [part(0, steps)], ['owned', 'told', 'pages', 'given', 'steps_first']],
    ['flush single steps', [part(4, steps)], ['owned', 'told', 'pages', 'given', 'steps_changed', 'steps_new']],
    ['flush single files', [part(4, { places: cells(5) })], ['owned', 'told', 'pages', 'places', 'files']],
    ['flush outbox', [part(0), part(4, { outbox: cells(5) })], ['owned', 'told', 'pages', 'follow']],
  ] as const)('%s has the arms for which there are rows', (name, parts, arms) => {
    const flush = flushOf(parts);
    expect(flush.name).toBe(name);
    expect(armsOf(flush.text)).toEqual(arms);
    // Parameters are numbered from 1 without gaps, one for each value.
    const numbers = new Set([...flush.text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
    expect([...numbers].sort((a, b) => a - b)).toEqual(flush.values.map((_, index) => index + 1));
  });

  it('reads the row of a single run without an array of runs', () => {
    const several = flushOf([part(4, steps), part(5, steps)]).text;
    const single = flushOf([part(4, steps)]).text;
    const arrays = (text: string): number => text.match(/\bunnest\(/g)?.length ?? 0;
    expect([arrays(several), arrays(single)]).toEqual([3, 1]);
    expect(single).toContain('from (values (($1::text[])[1], ($2::uuid[])[1], ');
    expect(single).toMatch(
      /\(values \(\(\$\d+::bytea\[\]\)\[1\], \(\$\d+::bytea\[\]\)\[1\], 1::bigint\)\) p \(mac, content, i\)/,
    );
  });

  it('has all arms of the file where there are rows for all, and says each parameter in its place', () => {
    const rows = { outbox: cells(5), settled: cells(1), artifacts: cells(7) };
    const parts = [part(0, steps), part(4, { ...steps, ...rows })];
    const flush = flushOf(parts);
    const { text } = statement('flush');
    expect(flush.text).toBe(text);
    expect(wholeFlush(flush.name, flush.values)).toEqual(flush.values);
    const { name, values } = flushOf([part(4, { settled: cells(1) })]);
    const whole = wholeFlush(name, values);
    expect(whole).toHaveLength(88);
    expect(whole.slice(82)).toEqual(['{1}', '{"x"}', '{false}', '{NULL}', '{false}', '{}']);
  });
});
