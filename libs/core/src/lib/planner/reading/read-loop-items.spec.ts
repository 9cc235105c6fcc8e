import { faultsOf, packText, plan, planned } from '../../../testing/planning';
import { countedRange, itemAt, rangeLength } from '../../plan/loop-items';
import type { LoopNode } from '../../plan/plan';

const NOOP = 'run: { uses: "builtin:noop" }';
const loop = (fields: string, body = `{ id: b, ${NOOP} }`, before = ''): string =>
  packText(
    `${before}- { id: l, loop: { ${fields}, body: [ ${body} ] } }`,
    'inputs: [ { name: n, type: integer, default: 3 }, { name: list, type: array, default: [1, 2] }, { name: text, type: string, default: x } ]\napprovals: [ { id: owners } ]',
  );
const codes = (text: string, inputs = {}): readonly string[] =>
  faultsOf(text, inputs).map((fault) => fault.split(' ')[0] ?? '');
const nodeOf = (text: string): LoopNode => planned(text).plan.graph.nodes.at(-1) as LoopNode;

describe('the items of a loop', () => {
  it.each<[string, string, unknown]>([
    ['a range', 'items: { range: { start: 1, end: 3 } }', { range: { start: 1, end: 3, step: 1 } }],
    [
      'a range that counts down',
      'items: { range: { start: 5, end: 1, step: -2 } }',
      { range: { start: 5, end: 1, step: -2 } },
    ],
    [
      'a range by inputs',
      'items: { range: { start: 1, end: "{{inputs.n}}" } }',
      { range: { start: 1, end: '{{ inputs.n }}', step: 1 } },
    ],
    ['an expression', 'items: { expression: "{{inputs.list}}" }', '{{ inputs.list }}'],
    ['a list', 'items: { static: [a, "{{inputs.n}}"] }', ['a', '{{ inputs.n }}']],
    ['nothing but until', 'until: "{{ steps.b.status == \'succeeded\' }}"', null],
  ])('%s', (_what, fields, expected) => {
    expect(nodeOf(loop(fields)).items).toEqual(expected);
  });

  it('fills in the constants of the language', () => {
    expect(nodeOf(loop('items: { static: [1] }'))).toMatchObject({
      maxIterations: 1_000,
      aggregation: 'collect',
      delayMs: 0,
      until: null,
      iterator: 'item',
      index: 'index',
      continueOnError: false,
    });
  });

  it.each<[string, string, readonly string[]]>([
    [
      'a range longer than maxIterations',
      'maxIterations: 3, items: { range: { start: 0, end: 3 } }',
      ['warning LOOP_ITEMS_LIMIT'],
    ],
    ['a range as long', 'maxIterations: 3, items: { range: { start: 1, end: 3 } }', []],
    [
      'an endless range',
      'items: { range: { start: -9007199254740991, end: 9007199254740991 } }',
      ['warning LOOP_ITEMS_LIMIT'],
    ],
    ['an empty range', 'items: { range: { start: 3, end: 1 } }', []],
    [
      'a list longer than maxIterations',
      'maxIterations: 2, items: { static: [1, 2, 3] }',
      ['warning LOOP_ITEMS_LIMIT'],
    ],
    [
      'a list of inputs longer than maxIterations',
      'maxIterations: 1, items: { expression: "{{ inputs.list }}" }',
      ['warning LOOP_ITEMS_LIMIT'],
    ],
    ['no list', 'items: { expression: "{{ inputs.text }}" }', ['MAP_ITEMS_TYPE']],
    ['a range to a text', 'items: { range: { start: 1, end: "{{ inputs.text }}" } }', ['LOOP_RANGE']],
    ['a range to a plain text', 'items: { range: { start: 1, end: "3" } }', ['LOOP_RANGE']],
    ['a range by fractions', 'items: { range: { start: 1, end: "{{ inputs.n / 2 }}" } }', ['LOOP_RANGE']],
    [
      'a range that counts by an input of 0',
      'items: { range: { start: 1, end: 2, step: "{{ inputs.n - 3 }}" } }',
      ['LOOP_RANGE'],
    ],
    ['until that is no condition', 'until: "{{ steps.b.outputs }}"', ['EXPR_TYPE']],
    ['until that is a number', 'until: "{{ 1 + 1 }}"', ['EXPR_TYPE']],
    ['until over a step that is not there', 'until: "{{ steps.c.status == \'x\' }}"', ['EXPR_UNKNOWN_NAME']],
    ['until over what is late', 'until: "{{ run.id == \'x\' }}"', ['EXPR_LATE_BOUND']],
  ])('%s → %j', (_what, fields, expected) => {
    const made = plan(loop(fields));
    const warned = made.kind === 'planned' ? made.warnings.map(({ code }) => `warning ${code}`) : [];
    expect([...codes(loop(fields)), ...warned]).toEqual(expected);
  });

  it('knows previous, and what it may hold', () => {
    const reads = (expression: string, outputs = 'outputs: { next: "{{ steps.b.status }}" }, '): readonly string[] =>
      codes(
        loop(
          `${outputs}items: { static: [1] }`,
          `{ id: b, run: { uses: "builtin:noop", with: { x: "{{ ${expression} }}" } } }`,
        ),
      );
    expect(reads('previous.next || index')).toEqual([]);
    expect(reads('previous.nxt')).toEqual(['EXPR_UNKNOWN_NAME']);
    expect(reads('previous.anything', '')).toEqual([]);
    expect(codes(packText('- { id: a, run: { uses: "builtin:noop", with: { x: "{{ previous }}" } } }'))).toEqual([
      'EXPR_UNKNOWN_NAME',
    ]);
  });

  it('is visible outside by its results alone', () => {
    const after = (read: string): readonly string[] =>
      codes(
        packText(
          `- { id: l, loop: { items: { static: [1] }, body: [ { id: b, ${NOOP} } ] } }\n- { id: z, run: { uses: "builtin:noop", with: { x: "{{ ${read} }}" } } }`,
        ),
      );
    expect(after('steps.l.iterations + length(steps.l.outputs)')).toEqual([]);
    expect(after('steps.b.outputs')).toEqual(['EXPR_UNKNOWN_NAME']);
    expect(after('item')).toEqual(['EXPR_UNKNOWN_NAME']);
  });
});

describe('what a loop behind a gate may read', () => {
  const gate = '- { id: g, gate: { approval: owners, message: go } }\n';
  const inner = '{ id: ok, gate: { approval: owners, message: go } }, ';
  const noop = (read: string): string => `{ id: b, run: { uses: "builtin:noop", with: { x: "{{ ${read} }}" } } }`;
  const when = `{ id: b, when: "{{ previous == null }}", ${NOOP} }`;

  it.each<[string, string, readonly string[]]>([
    ['until over its body', loop('until: "{{ steps.b.status == \'succeeded\' }}"', `{ id: b, ${NOOP} }`, gate), []],
    ['previous as a value', loop('items: { static: [1] }', noop('previous'), gate), []],
    ['previous as a condition', loop('items: { static: [1] }', when, gate), ['GATE_UNREVIEWED_INPUT']],
    ['previous as a condition behind a gate in the iteration', loop('items: { static: [1] }', inner + when), []],
    [
      'until over what the gate did not wait for',
      loop(
        'until: "{{ steps.p.status == \'succeeded\' }}"',
        `{ id: b, ${NOOP} }`,
        `- { id: p, needs: [], ${NOOP} }\n- { id: g, needs: [], gate: { approval: owners, message: go } }\n`,
      ).replace('id: l,', 'id: l, needs: [g, p],'),
      ['GATE_UNREVIEWED_INPUT'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(codes(text)).toEqual(expected);
  });
});

describe('a range', () => {
  it.each([
    [0, 4, 2, [0, 2, 4]],
    [0, 5, 2, [0, 2, 4]],
    [3, -3, -3, [3, 0, -3]],
    [1, 1, -7, [1]],
    [2, 1, 1, []],
  ])('from %i through %i by %i', (start, end, step, expected) => {
    const range = countedRange({ start, end, step });
    const length = range === null ? -1 : rangeLength(range);
    expect(Array.from({ length }, (_, index) => itemAt({ range: { start, end, step } }, index))).toEqual(expected);
    expect(itemAt({ range: { start, end, step } }, length)).toBeNull();
  });

  it.each([
    [{ start: 0.5, end: 1, step: 1 }],
    [{ start: 0, end: 1, step: 0 }],
    [{ start: 0, end: '1', step: 1 }],
    [null],
  ])('%j counts nothing', (range) => {
    expect(countedRange(range)).toBeNull();
  });
});
