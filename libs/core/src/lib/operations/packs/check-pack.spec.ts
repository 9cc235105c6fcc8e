import { packText, testConfiguration, testEnvironment } from '../../../testing/planning';
import type { JsonObject } from '../../foundation/json';
import { checkPack, planPack } from './pack-source';

const setting = { environment: testEnvironment, configuration: testConfiguration };
const source = (steps: string, inputs: string) => ({
  manifest: packText(steps, `inputs: [ ${inputs} ]`),
  hasLines: true,
  files: [],
});
const LIST = source(
  '- { id: m, map: { items: "{{ inputs.l }}", step: { id: k, run: { uses: "builtin:noop" } } } }',
  '{ name: l, type: array }',
);
const GUARDED = source(
  '- { id: m, when: "{{ inputs.l != null }}", map: { items: "{{ inputs.l }}", step: { id: k, run: { uses: "builtin:noop" } } } }',
  '{ name: l, type: array }',
);
const FLAG = source(
  '- { id: a, when: "{{ inputs.x }}", run: { uses: "builtin:noop" } }\n- { id: c, conditional: { branches: [ { when: "{{ inputs.x }}", steps: [ { id: b, run: { uses: "builtin:noop" } } ] } ] } }',
  '{ name: x, type: boolean }',
);
const codes = (pack: ReturnType<typeof source>, inputs: JsonObject | null) => {
  const planning = inputs === null ? null : planPack(pack, inputs, setting);
  const faults = planning === null ? checkPack(pack, setting) : planning.kind === 'refused' ? planning.faults : [];
  return faults.map(({ code, line, column }) => `${code} ${line}:${column}`);
};

describe('a pack that is checked', () => {
  it('is not judged by the values of inputs that nobody gave', () => {
    expect(codes(LIST, null)).toEqual([]);
    expect(codes(FLAG, null)).toEqual([]);
    expect(codes(LIST, { l: [1] })).toEqual([]);
    expect(codes(LIST, {})).toEqual([expect.stringContaining('MAP_ITEMS_TYPE')]);
    expect(codes(GUARDED, {})).toEqual([]);
  });

  it('has a fault at a condition that its inputs make neither true nor false', () => {
    expect(codes(FLAG, { x: false })).toEqual([]);
    expect(codes(FLAG, {})).toEqual(['EXPR_TYPE 7:22', 'EXPR_TYPE 8:51']);
  });

  it('has a fault at a default that its own schema refuses', () => {
    const step = '- { id: a, run: { uses: "builtin:noop" } }';
    const pack = source(step, '{ name: r, type: string, default: zzz, schema: { pattern: "^a$" } }');
    expect(codes(pack, null)).toEqual([expect.stringContaining('INPUT_DEFAULT_INVALID')]);
    expect(codes(pack, { r: 'a' })).toEqual([expect.stringContaining('INPUT_DEFAULT_INVALID')]);
  });
});
