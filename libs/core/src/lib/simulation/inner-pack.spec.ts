import { packFiles, packText, planned } from '../../testing/planning';
import type { Json, JsonObject } from '../foundation/json';
import { simulate, type Simulated } from './simulate';

const inner = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: inner, version: 1.0.0 }
spec:
  inputs:
    - { name: names, type: array, default: [a] }
    - { name: code, type: integer, schema: { maximum: 9 } }
  steps:
    - id: each
      map:
        items: "{{ inputs.names }}"
        maxItems: 5
        steps: [ { id: say, run: { uses: "builtin:transform", with: { outputs: { name: "{{ item }} {{ pack.name }}" } } } } ]
        outputs: { name: "{{ steps.say.outputs.name }}" }
    - { id: fine, when: "{{ inputs.code == 0 }}", run: { uses: "builtin:noop" } }
  outputs:
    - { name: said, type: array, value: "{{ steps.each.outputs[].name }}" }
    - { name: code, type: integer, value: "{{ inputs.code }}" }
`;

function play(steps: string, script: Json = {}, inputs: JsonObject = {}): Simulated {
  const text = packText(
    steps,
    `inputs: [ { name: list, type: array, default: [x, y] } ]\noutputs: [ { name: last, value: "{{ steps.p.outputs.said }}" } ]`,
  );
  const simulation = simulate({
    planned: planned(text, inputs, { files: packFiles({ 'in/pack.yaml': inner }) }),
    script,
  });
  if (simulation.kind === 'refused') throw new Error(JSON.stringify(simulation.faults));
  return simulation;
}

const use = (supplied: string): string => `- { id: p, run: { uses: "pack:./in", with: { ${supplied} } } }`;
const classes = ({ report }: Simulated) => Object.fromEntries(report.nodes.map((node) => [node.id, node.class]));

describe('a simulation of a pack in a pack', () => {
  it('runs the inner steps over the inner inputs, and gives what the inner pack declares', () => {
    const simulated = play(use('names: "{{ inputs.list }}", code: 0'));
    expect(simulated.status).toBe('succeeded');
    expect(classes(simulated)).toEqual({
      p: 'pending',
      'p::each': 'pending',
      'p::each::say': 'pending',
      'p::fine': 'pending',
    });
    expect(simulated.report.outputs).toMatchObject([{ name: 'last', value: ['x inner', 'y inner'] }]);
  });

  it('takes defaults of the inner pack', () => {
    expect(play(use('')).report.outputs).toMatchObject([{ name: 'last', value: ['a inner'] }]);
  });

  it('keeps unknown inside what is not known outside', () => {
    const scan = '- { id: scan, run: { uses: "builtin:command", with: { command: [scan] } } }';
    const simulated = play(`${scan}\n${use('code: "{{ steps.scan.outputs.exitCode }}"')}`);
    const reason = (id: string): string | null => simulated.report.nodes.find((node) => node.id === id)?.reason ?? null;
    expect(reason('p')).toContain('unknown inputs: code');
    expect(reason('p::fine')).toContain('inputs.code is not known');
  });

  it('fails where a value does not hold what the inner pack asks for, before anything in it begins', () => {
    const made = '- { id: made, run: { uses: "builtin:transform", with: { outputs: { code: 12 } } } }';
    const simulated = play(`${made}\n${use('code: "{{ steps.made.outputs.code }}"')}`);
    expect([simulated.status, simulated.code]).toEqual(['failed', 'INPUT_INVALID']);
    expect(classes(simulated)['p::each']).toBe('skipped');
  });
});
