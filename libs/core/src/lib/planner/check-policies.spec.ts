import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { faultsOf, packFiles, packText, plan, planned, shownFault } from '../../testing/planning';
import type { PackFiles } from '../pack/pack-files';
import type { Planning } from '../plan/plan-request';

const ETC = join(__dirname, '../../../../../etc');
const PARTS = `
inputs:
  - { name: service, type: string, required: true }
  - { name: count, type: integer, default: 3 }
  - { name: flag, type: boolean, default: true }
  - { name: regions, type: array, default: [eu], schema: { items: { type: string } } }
  - { name: request, type: object, default: {}, schema: { properties: { target: { type: string } }, additionalProperties: false } }
  - { name: list, type: file }
policies:
  - { id: p, engine: cel, level: hard-mandatory, source: "SOURCE" }`;
const STEPS = `
- { id: scan, run: { uses: "builtin:command", with: { command: [scan] }, outputs: { count: { type: integer } } } }
- { id: check, gate: { policy: p, with: { critical: "{{ steps.scan.outputs.count }}", name: "{{ inputs.service }}" } } }
- { id: apply, effects: idempotent, run: { uses: "builtin:command", with: { command: [apply] } } }`;
const inputs = { service: 'web' };
const packOf = (source: string, steps = STEPS): string => packText(steps, PARTS.replace('SOURCE', source));
const planOf = (source: string): Planning => plan(packOf(source), inputs);

/** `CODE column: message remediation`, the column within the policy's own text; faults, then warnings. */
function said(source: string): readonly string[] {
  const text = packOf(source);
  const planning = planOf(source);
  const line = text.split('\n').find((one) => one.includes('engine: cel')) ?? '';
  const start = line.indexOf(source) + 1;
  const shown = (faults: readonly { code: string; column: number | null; message: string; remediation: string }[]) =>
    faults.map(
      ({ code, column, message, remediation }) => `${code} ${(column ?? 0) - start}: ${message} ${remediation}`,
    );
  return planning.kind === 'refused'
    ? shown(planning.faults)
    : shown(planning.warnings.filter(({ code }) => code.startsWith('POLICY'))).map((one) => `warning ${one}`);
}

describe('CEL policies when a pack is planned', () => {
  it.each<[string, readonly string[]]>([
    [
      "inputs.service.startWith('web')",
      ['POLICY_UNKNOWN_FUNCTION 15: There is no method `startWith`. Did you mean `startsWith`?'],
    ],
    [
      "inputs.flag && inputs.service.startWith('web')",
      ['POLICY_UNKNOWN_FUNCTION 30: There is no method `startWith`. Did you mean `startsWith`?'],
    ],
    [
      'nothing(params.critical)',
      [
        'POLICY_UNKNOWN_FUNCTION 0: There is no function `nothing`. Functions: bool, bytes, double, duration, dyn, int, size, string, timestamp, type, uint.',
      ],
    ],
    ["startsWith(inputs.service, 'web')", ['POLICY_ARGUMENTS 0: `startsWith` is a method. Write x.startsWith(…).']],
    ['inputs.service.timestamp() == null', ['POLICY_ARGUMENTS 15: `timestamp` is a function. Write timestamp(x).']],
    [
      "inputs.service.startsWith('a', 'b')",
      ['POLICY_ARGUMENTS 15: `startsWith` takes 1 argument, not 2. Pass 1 argument.'],
    ],
    [
      "inputs.regions.al(r, r == 'eu')",
      [
        'POLICY_UNKNOWN_FUNCTION 15: There is no method `al`. Did you mean `all`?',
        'POLICY_UNKNOWN_NAME 18: There is no `r`. A policy can read inputs, steps, plan, run, tenant, actor, params, now.',
        'POLICY_UNKNOWN_NAME 21: There is no `r`. A policy can read inputs, steps, plan, run, tenant, actor, params, now.',
      ],
    ],
    ["inputs.sevice == 'web'", ['POLICY_UNKNOWN_NAME 7: There is no `inputs.sevice`. Did you mean `service`?']],
    [
      "inputs.flag || inputs['sevice'] == 'web'",
      ['POLICY_UNKNOWN_NAME 21: There is no `inputs.sevice`. Did you mean `service`?'],
    ],
    [
      "inputs.request.taget == 'web'",
      ['POLICY_UNKNOWN_NAME 15: There is no `inputs.request.taget`. Did you mean `target`?'],
    ],
    ['inputs.list.sise > 3', ['POLICY_UNKNOWN_NAME 12: There is no `inputs.list.sise`. Did you mean `size`?']],
    ['steps.scna.outputs.count > 3', ['POLICY_UNKNOWN_NAME 6: There is no `steps.scna`. Did you mean `scan`?']],
    [
      'steps.scan.output.count > 3',
      ['POLICY_UNKNOWN_NAME 11: There is no `steps.scan.output`. Did you mean `outputs`?'],
    ],
    [
      'steps.apply.outputs.count > 3',
      [
        'POLICY_UNKNOWN_NAME 6: There is no `steps.apply`: it has not ended when the policy is evaluated. Read a step that ends before the gate: scan.',
      ],
    ],
    ['params.critcal <= 3', ['POLICY_UNKNOWN_NAME 7: There is no `params.critcal`. Did you mean `critical`?']],
    ['plan.pack.nme == inputs.service', ['POLICY_UNKNOWN_NAME 10: There is no `plan.pack.nme`. Did you mean `name`?']],
    [
      'inputs.service > 3',
      [
        'POLICY_TYPE 15: `>` cannot be applied to a string and an int. Convert one of them, such as int(…), string(…) or size(…).',
      ],
    ],
    [
      'inputs.count + 1',
      [
        'POLICY_RESULT 0: The result is an int, not a boolean or {allow, reasons}. Compare it, such as x > 0 or x == true.',
      ],
    ],
    [
      "{'allow': inputs.count, 'reasons': []}",
      [
        "POLICY_RESULT 0: `allow` of the result is an int or a double, not a boolean. Write {'allow': <boolean>, 'reasons': [<string>, …]}.",
      ],
    ],
    [
      "{'allow': true, 'reason': []}",
      ['POLICY_RESULT 0: The result has no `reasons`. Write `reasons` in place of `reason`.'],
    ],
    [
      "now.getDayOfWeek('UTC') in [1, 2]",
      ['POLICY_TYPE 4: `getDayOfWeek` cannot be applied to a string and a string. Convert it, such as timestamp(now).'],
    ],
    [
      'actor.sub == inputs.service',
      ['POLICY_TYPE 6: `.sub` cannot be read from a list. Read it from an element, such as x[0].sub.'],
    ],
    ['!inputs.service', ['POLICY_TYPE 0: `!` cannot be applied to a string. Use a boolean.']],
    [
      'inputs.service && inputs.flag',
      ["warning POLICY_TYPE 7: `&&` takes booleans; this is a string. Compare it, such as x != '' or size(x) > 0."],
    ],
    [
      'inputs.flag || inputs.service > 3',
      [
        'warning POLICY_TYPE 30: `>` cannot be applied to a string and an int. Convert one of them, such as int(…), string(…) or size(…).',
      ],
    ],
    [
      "inputs.count.all(r, r == 'eu')",
      ['POLICY_TYPE 13: `all` iterates over a list or a map; this is an int or a double. Use a list.'],
    ],
  ])('%s', (source, expected) => {
    expect(said(source)).toEqual(expected);
  });

  it.each([
    "inputs.service.startsWith('web') && size(inputs.regions) < 3",
    "has(inputs.other) && inputs.other.startsWith('x') || inputs.flag",
    "!has(inputs.other) || inputs.other == 'x'",
    "!('other' in inputs) || inputs.other == 'x'",
    'has(steps.prepare) ? steps.prepare.outputs.ok : true',
    "inputs.regions.exists(r, r in ['eu', 'us'])",
    "inputs.regions.map(r, r + '!').filter(r, size(r) > 3).exists_one(r, true)",
    "timestamp(now) > timestamp('2026-01-01T00:00:00Z')",
    "timestamp(now).getDayOfWeek('UTC') in [1, 2, 3, 4]",
    "actor[0].sub == 'ann' || actor.exists(a, a.kind == 'client')",
    "{'allow': params.critical <= inputs.count, 'reasons': [string(params.critical) + ' found']}",
    "{'allow': inputs.flag, 'reasons': inputs.regions}",
    'inputs.flag ? params.critical == 0 : params.critical < 3.5',
    'inputs.list == null || inputs.list.size < 1000',
    "steps.scan.status == 'succeeded' && steps.scan.outputs.anything.there == 1",
    'inputs.service == 3 || inputs.count == 3.0',
    'type(inputs.service) == int ? inputs.service > 3 : true',
    'dyn(inputs.service) == 1',
  ])('%s is planned without a word', (source) => {
    expect(said(source)).toEqual([]);
  });

  it('shows a fault in the file that the policy stands in', () => {
    const text = packOf('SOURCE').replace('source: "SOURCE"', 'path: policies/p.cel');
    const files = packFiles({ 'policies/p.cel': "inputs.flag\n  && inputs.service.startWith('web')\n" });
    const planning = plan(text, inputs, { files });
    expect(planning.kind === 'refused' && planning.faults).toMatchObject([
      { code: 'POLICY_UNKNOWN_FUNCTION', file: 'policies/p.cel', line: 2, column: 21 },
    ]);
  });

  it('knows what the gates of a policy hand over and see together', () => {
    const steps = `${STEPS}\n- { id: again, gate: { policy: p, with: { more: 1 } } }`;
    const faults = (source: string) => faultsOf(packOf(source, steps), inputs);
    expect(faults('has(params.more) ? params.more > 0 && has(steps.apply) : params.critical == 0')).toEqual([]);
    expect(faults('params.mor > 0')).toHaveLength(1);
  });

  it('says nothing of steps and parameters where no gate asks the policy', () => {
    const steps = '- { id: a, run: { uses: "builtin:noop" } }';
    expect(faultsOf(packOf('params.x > steps.y.outputs.z', steps), inputs)).toEqual([]);
    expect(faultsOf(packOf("inputs.service.startWith('a')", steps), inputs)).toHaveLength(1);
  });

  it('does not refuse what was admitted before', () => {
    const text = packOf("inputs.flag || inputs.service.startWith('web')");
    expect(plan(text, inputs).kind).toBe('refused');
    expect(planned(text, inputs, { admitted: true }).plan.policies).toHaveLength(1);
  });

  it('says all faults at once, with those of other parts', () => {
    const text = packOf("inputs.sevice == 'x' && params.critcal > 0").replace(
      'command: [apply]',
      'command: ["{{ inputs.nme }}"]',
    );
    const planning = plan(text, inputs);
    expect(planning.kind === 'refused' && planning.faults.map(shownFault)).toHaveLength(3);
  });

  it.each(readdirSync(join(ETC, 'packs')))('finds nothing in etc/packs/%s', (name) => {
    const folder = join(ETC, 'packs', name);
    const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    const files: PackFiles = {
      paths: () => paths,
      read: (path) => (paths.includes(path) ? readFileSync(join(folder, path)) : null),
      executable: () => false,
    };
    const planning = plan(readFileSync(join(folder, 'pack.yaml'), 'utf8'), {}, { files, withoutInputs: true });
    const reported = planning.kind === 'refused' ? planning.faults : planning.warnings;
    expect(reported.filter(({ code }) => code.startsWith('POLICY'))).toEqual([]);
  });
});
