import { ScriptedRun, fails, succeeds } from '../../testing/scripted-run';
import type { Json } from '../foundation/json';
import { messageText } from './run-message';

const pack = (spec: string): string => `
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: deploy, version: 1.2.3 }
spec:
  inputs: [ { name: image, type: string, default: web } ]
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan] }, outputs: { hits: { type: array }, note: { type: string } } } }
    - { id: skipped, when: "{{ inputs.image == 'none' }}", run: { uses: builtin:command, with: { command: [x] }, outputs: { y: { type: string } } } }
  ${spec}
`;

/** The end of a run whose first step ends so. */
function endOf(spec: string, act = succeeds({ hits: [1, 2], note: '\u{1f680}\0' })) {
  const run = new ScriptedRun(pack(spec));
  run.acts['scan'] = act;
  return { run, end: run.go().end };
}

describe('the message of a run', () => {
  it.each<[string, string, string]>([
    ['a text', 'success: { message: "done" }', 'done'],
    [
      'inputs, outputs and the pack',
      'success: { message: "{{ pack.name }} of {{ inputs.image }}: {{ steps.scan.outputs.hits }}" }',
      'deploy of web: [1,2]',
    ],
    ['a value that is no text', 'success: { message: "{{ length(steps.scan.outputs.hits) }}" }', '2'],
    ['the status of a skipped step', 'success: { message: "{{ steps.skipped.status }}" }', 'skipped'],
    ['what no database stores as text', 'success: { message: "{{ steps.scan.outputs.note }}" }', '\u{1f680}\ufffd'],
  ])('reads %s', (_what, spec, text) => {
    const { run, end } = endOf(spec);
    expect(run.valueOf(end?.message)).toBe(text);
    expect(end?.messageError).toBeUndefined();
  });

  it('of a failure reads what failed, and why', () => {
    const spec = 'failure: { message: "{{ failed }}: {{ steps.scan.error.code }}, {{ steps.scan.error.message }}" }';
    const { run, end } = endOf(spec, fails());
    expect(end).toMatchObject({ status: 'failed', step: 'scan' });
    expect(run.valueOf(end?.message)).toBe('["scan"]: EXIT_1, no');
  });

  it.each([
    ['a value that a skipped step does not have', '{{ steps.skipped.outputs.y }}', 'EXPR_NULL'],
    ['null in a text', 'is {{ steps.skipped.outputs.y }}', 'EXPR_NULL'],
  ])('is absent with a code, and the run ends as it did: %s', (_what, text, code) => {
    const { end } = endOf(`success: { message: "${text}" }`);
    expect(end).toMatchObject({ status: 'succeeded', code: null, messageError: { code } });
    expect(end).not.toHaveProperty('message');
  });
});

it.each<[Json, number, string]>([
  ['12345', 5, '12345'],
  ['123456', 5, '1234…'],
  ['123\u{1f680}5', 5, '123…'],
  [[1, 2, 3], 4, '[1,…'],
  ['a\ud800', 5, 'a\ufffd'],
])('%j is cut to %i characters: %s', (value, most, text) => expect(messageText(value, most)).toBe(text));
