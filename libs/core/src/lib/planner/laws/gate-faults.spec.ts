import { codesOf, packText } from '../../../testing/planning';

const command = (argv: string): string => `run: { uses: "builtin:command", with: { command: ${argv} } }`;

describe('gates in a plan', () => {
  const spec =
    'inputs: [ { name: dry, type: boolean, default: false }, { name: hosts, type: array, default: [a] } ]\napprovals: [ { id: owners }, { id: strict, minApprovals: 2, grants: [role:sec-lead] } ]\npolicies: [ { id: soft, engine: cel, source: "true", level: soft-mandatory } ]';
  const a = `- { id: a, needs: [], ${command('[x]')} }`;
  const gate = '- { id: g, needs: [], gate: { approval: owners } }';
  it.each([
    [
      'reads what the gate did not wait for',
      `${a}\n${gate}\n- { id: b, needs: [a, g], ${command('[x, "{{ steps.a.outputs.y }}"]')} }`,
      ['GATE_UNREVIEWED_INPUT'],
    ],
    [
      'reads what the gate waited for',
      `${a}\n- { id: g, gate: { approval: owners } }\n- { id: b, ${command('["{{ steps.a.outputs.y }}"]')} }`,
      [],
    ],
    [
      'reads what is behind the same gate',
      `${gate}\n- { id: b, ${command('[x]')} }\n- { id: c, ${command('[x, "{{ steps.b.outputs.y }}"]')} }`,
      [],
    ],
    [
      'runs a program that is named behind the gate',
      `${gate}\n- { id: b, ${command('[x]')} }\n- { id: c, ${command('["{{ steps.b.outputs.y }}"]')} }`,
      ['GATE_UNREVIEWED_INPUT'],
    ],
    [
      'decides behind the gate by what is behind it',
      `${gate}\n- { id: b, ${command('[x]')} }\n- { id: c, when: "{{ steps.b.outputs.y > 1 }}", ${command('[x]')} }`,
      ['GATE_UNREVIEWED_INPUT'],
    ],
    [
      'maps over what is behind it',
      `${gate}\n- { id: b, ${command('[x]')} }\n- { id: m, map: { items: "{{ steps.b.outputs.l }}", maxItems: 3, step: { id: c, ${command('[x]')} } } }`,
      ['GATE_UNREVIEWED_INPUT'],
    ],
    [
      'a later gate reviews it',
      `${gate}\n- { id: b, ${command('[x]')} }\n- { id: h, gate: { approval: owners } }\n- { id: c, when: "{{ steps.b.outputs.y > 1 }}", ${command('[x]')} }`,
      [],
    ],
    [
      'a gate decides by results',
      `${a}\n- { id: g, when: "{{ steps.a.outputs.y > 1 }}", gate: { approval: owners } }`,
      ['GATE_WHEN'],
    ],
    ['a weak override', '- { id: g, gate: { policy: soft, overrideApproval: owners } }', ['POLICY_OVERRIDE_WEAK']],
    ['a strong override', '- { id: g, gate: { policy: soft, overrideApproval: strict } }', []],
  ])('%s', (_, steps, expected) => {
    expect(codesOf(packText(steps, spec))).toEqual(expected);
  });
});
