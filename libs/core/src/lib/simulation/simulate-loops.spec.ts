import { packText, planned } from '../../testing/planning';
import type { Json } from '../foundation/json';
import { simulate, type Simulated } from './simulate';

const POLL = packText(`
- id: poll
  loop:
    until: "{{ steps.state.outputs.phase == 'ready' }}"
    delay: 60s
    maxIterations: 5
    aggregation: last
    body: [ { id: state, run: { uses: "builtin:command", with: { command: [x] }, outputs: { phase: { type: string } } } } ]
- { id: after, run: { uses: "builtin:noop", with: { phase: "{{ steps.poll.outputs.phase }}", times: "{{ steps.poll.iterations }}" } } }
`);

function play(text: string, script: Json = {}): Simulated {
  const simulation = simulate({ planned: planned(text), script });
  if (simulation.kind !== 'simulated') throw new Error(JSON.stringify(simulation.faults));
  return simulation;
}

const phase = (of: string): Json => ({ status: 'succeeded', outputs: { phase: of } });

describe('a simulated loop', () => {
  it('assumes that until holds where nobody knows, so that it ends', () => {
    const { status, tookMs, steps, report } = play(POLL);
    expect([status, tookMs]).toEqual(['succeeded', 0]);
    expect([...steps]).toEqual([
      ['after', 'succeeded'],
      ['poll', 'succeeded'],
      ['poll[0]', 'succeeded'],
      ['poll[0]::state', 'succeeded'],
    ]);
    const text = 'assumed: ' + "steps.state.outputs.phase == 'ready' holds: steps.state.outputs.phase is not known";
    expect(JSON.stringify(report.nodes)).toContain(text);
  });

  it('takes virtual time for each delay, and ends when a script says so', () => {
    const { status, tookMs, steps } = play(POLL, { 'poll::state': phase('pending'), 'poll[2]::state': phase('ready') });
    expect([status, tookMs, steps.get('poll[2]::state' as never), steps.has('poll[3]::state' as never)]).toEqual([
      'succeeded',
      120_000,
      'succeeded',
      false,
    ]);
  });

  it('is exhausted where a script never lets until hold', () => {
    const { status, code, tookMs } = play(POLL, { 'poll::state': phase('pending') });
    expect([status, code, tookMs]).toEqual(['failed', 'LOOP_EXHAUSTED', 240_000]);
  });

  it('makes every iteration over known items, and knows previous', () => {
    const text = packText(
      `- { id: l, loop: { items: { range: { start: 1, end: 4 } }, body: [ { id: b, run: { uses: "builtin:noop", with: { x: "{{ item + (previous.x || 0) }}" } } } ] } }`,
      'outputs: [ { name: sums, type: array, value: "{{ steps.l.outputs[].x }}" } ]',
    );
    expect(play(text).report.outputs).toEqual([{ name: 'sums', type: 'array', known: true, value: [1, 3, 6, 10] }]);
  });

  it('says that it leaves out items beyond maxIterations, also where that is the default', () => {
    const text = packText(
      `- { id: l, loop: { items: { expression: "{{ inputs.list }}" }, body: [ { id: b, run: { uses: "builtin:noop" } } ] } }`,
      'inputs: [ { name: list, type: array } ]',
    );
    const simulation = simulate({
      planned: planned(text, { list: Array.from({ length: 1_002 }, (_, i) => i) }),
      script: {},
    });
    if (simulation.kind !== 'simulated') throw new Error(JSON.stringify(simulation.faults));
    expect(simulation.report.nodes.find(({ id }) => id === 'l')).toMatchObject({
      reason: expect.stringContaining('LOOP_ITEMS_LIMIT: there are 1002 items, and the loop makes 1000 iterations'),
    });
  });

  it('does not know what was made of a previous result that nobody knows', () => {
    const text = packText(
      `- { id: l, loop: { aggregation: last, items: { range: { start: 1, end: 2 } }, body: [ { id: b, run: { uses: "builtin:command", with: { command: [x, "{{ previous.stdout || '' }}"] } } } ] } }`,
      'outputs: [ { name: last, type: object, value: "{{ steps.l.outputs }}" } ]',
    );
    expect(play(text).report.outputs).toEqual([{ name: 'last', type: 'object', known: false, value: null }]);
  });

  it('assumes one item where the items are not known', () => {
    const text = packText(
      `- { id: a, run: { uses: "builtin:command", with: { command: [x] } } }
- { id: l, loop: { items: { expression: "{{ steps.a.outputs.list }}" }, body: [ { id: b, run: { uses: "builtin:noop", with: { x: "{{ item }}" } } } ] } }`,
    );
    const { status, steps } = play(text);
    expect([status, steps.has('l[0]::b' as never), steps.has('l[1]::b' as never)]).toEqual(['succeeded', true, false]);
  });

  it('stops at the first failure, or goes on', () => {
    const text = (goesOn: boolean): string =>
      packText(
        `- { id: l, loop: { continueOnError: ${goesOn}, items: { static: [1, 2, 3] }, body: [ { id: b, run: { uses: "builtin:command", with: { command: [x] } } } ] } }`,
      );
    const iterations = (one: Simulated): number => [...one.steps.keys()].filter((id) => id.endsWith('::b')).length;
    const script = { 'l[1]::b': 'failed' };
    expect([play(text(false), script), play(text(true), script)].map((one) => [one.status, iterations(one)])).toEqual([
      ['failed', 2],
      ['failed', 3],
    ]);
  });
});
