import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { packText, planned } from '../../testing/planning';
import { simulate } from './simulate';

// The table of results in docs/guides/writing-packs.md, Steps, as a later step reads them.

function outputs(steps: string, value: string, inputs: JsonObject = {}, script: Json = {}): Json | undefined {
  const text = packText(
    steps,
    `inputs: [ { name: t, type: boolean, default: false } ]\noutputs: [ { name: o, value: "${value}" } ]`,
  );
  const simulation = simulate({ planned: planned(text, inputs), script });
  if (simulation.kind === 'refused') throw new Error(JSON.stringify(simulation.faults));
  return simulation.report.outputs[0]?.known === true ? simulation.report.outputs[0].value : undefined;
}

const FORK = `
- id: c
  conditional:
    branches: [ { when: "{{ inputs.t }}", steps: [ { id: y, run: { uses: "builtin:noop", with: { v: 1 } } } ] } ]
    else: [ { id: n, run: { uses: "builtin:noop", with: { v: 2 } } } ]`;

describe('results of steps', () => {
  it('of a conditional tell the branch that was taken, and what was not taken is skipped', () => {
    const value = '{{ {b: steps.c.branch, y: steps.y.status, n: steps.n.status, v: steps.c.outputs.v} }}';
    expect(outputs(FORK, value)).toEqual({ b: 'else', y: 'skipped', n: 'succeeded', v: 2 });
    expect(outputs(FORK, value, { t: true })).toEqual({ b: 0, y: 'succeeded', n: 'skipped', v: 1 });
  });

  it('of what stands in a group that was skipped are skipped too', () => {
    const steps = `
- { id: g, when: "{{ inputs.t }}", group: { steps: [ { id: k, run: { uses: "builtin:noop" } } ] } }
- { id: none, when: "{{ inputs.t }}", conditional: { branches: [ { when: "{{ true }}", steps: [ { id: x, run: { uses: "builtin:noop" } } ] } ] } }`;
    expect(outputs(steps, '{{ [steps.g.status, steps.k.status, steps.x.status, steps.none.branch] }}')).toEqual([
      'skipped',
      'skipped',
      'skipped',
      null,
    ]);
  });

  it('of a map add up, whatever became of its items', () => {
    const healed = `
- { id: g, continueOnError: true, group: { steps: [ { id: m, map: { items: [1, 2, 3], maxParallel: 1, step: { id: k, run: { uses: "builtin:noop" } } } } ] } }`;
    expect(outputs(healed, '{{ steps.m.counts }}', {}, { 'm[0]::k': 'failed' })).toEqual({
      total: 3,
      succeeded: 0,
      failed: 1,
      skipped: 2,
    });
  });

  it('name what failed in the order of the plan', () => {
    const steps = `
- { id: wr, continueOnError: true, group: { steps: [ { id: k, run: { uses: "builtin:fail", with: { message: no } } } ] } }
- { id: all, runOn: always, run: { uses: "builtin:transform", with: { outputs: { failed: "{{ failed }}" } } } }`;
    const made = outputs(steps, '{{ steps.all.outputs }}');
    expect(isJsonObject(made) && made['failed']).toEqual(['wr', 'k']);
  });
});
