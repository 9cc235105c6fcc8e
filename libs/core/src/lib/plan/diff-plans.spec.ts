import { packText, planned } from '../../testing/planning';
import { diffLines, diffPlans } from './diff-plans';

const SCAN = '- { id: scan, run: { uses: "builtin:command", with: { command: [scan] } } }';
const AGREE = '- { id: agree, gate: { approval: owners, message: "go" } }';
const ACT = '- { id: act, effects: idempotent, run: { uses: "builtin:command", with: { command: [act] } } }';
const MAP =
  '- { id: each, map: { items: [1, 2], steps: [ { id: act, effects: idempotent, run: { uses: "builtin:command", with: { command: [act] } } } ] } }';
const GROUP =
  '- { id: both, group: { steps: [ { id: act, effects: idempotent, run: { uses: "builtin:command", with: { command: [act] } } } ] } }';
const plan = (steps: readonly string[], more = 'approvals: [ { id: owners } ]', inputs = {}) =>
  planned(packText(steps.join('\n'), more), inputs).plan;
const base = plan([SCAN, AGREE, ACT]);
const lines = (after: ReturnType<typeof plan>) =>
  diffLines(diffPlans(base, after)).filter((line) => !/contentDigest|^~ pack$/.test(line));

describe('the diff of two plans', () => {
  it('of a plan with itself is none', () => {
    const diff = diffPlans(base, plan([SCAN, AGREE, ACT]));
    expect(diff).toMatchObject({ same: true, steps: [], parts: {} });
    expect(diffLines(diff)).toEqual([]);
  });

  it('cuts long values around their first difference', () => {
    const text = (last: string) => `${'x'.repeat(50_000)}${last}${'y'.repeat(50_000)}`;
    const { planHash } = diffPlans(base, base);
    const changes = [{ path: '/lock', before: text('1.0.0'), after: text('6.6.6') }];
    const gates = { newlyUngated: [], newlyGated: [], removed: [], added: [] };
    const [, line = ''] = diffLines({ same: false, planHash, steps: [], parts: { inputs: changes }, gates });
    expect(line).toMatch(/^ {4}\/lock: …x{40}1\.0\.0y{115}… → …x{40}6\.6\.6y{115}…$/);
  });

  it.each([
    [
      'a value',
      plan([SCAN.replace('command: [scan]', 'command: [scan, all]'), AGREE, ACT]),
      ['~ run scan', '    /with/command: ["scan"] → ["scan","all"]'],
    ],
    [
      'a step more',
      plan([SCAN, AGREE, ACT, '- { id: last, run: { uses: "builtin:noop" } }']),
      [
        '~ executors',
        '    /: ["builtin:command"] → ["builtin:command","builtin:noop"]',
        '+ run last: builtin:noop, without effects',
      ],
    ],
    [
      'a gate less',
      plan([SCAN, ACT]),
      [
        '~ run act',
        '    /needs: ["agree"] → ["scan"]',
        '- gate agree',
        '! gate removed: agree',
        '! now has effects without an approval: act',
      ],
    ],
    [
      'a step into a map',
      plan([SCAN, AGREE, MAP]),
      ['+ map each', '> run each::act (was act)', '    /needs: ["agree"] → []'],
    ],
    [
      'a step into a group',
      plan([SCAN, AGREE, GROUP]),
      ['+ group both', '> run act (moved)', '    /needs: ["agree"] → []'],
    ],
    [
      'an approval',
      plan([SCAN, AGREE, ACT], 'approvals: [ { id: owners, minApprovals: 2 } ]'),
      ['~ approvals', '    /owners/minApprovals: 1 → 2'],
    ],
    [
      'a step that acts before the gate',
      plan([SCAN, ACT.replace('act,', 'early,'), AGREE, ACT]),
      [
        '+ run early: builtin:command, with effects (idempotent)',
        '~ gate agree',
        '    /needs: ["scan"] → ["early"]',
        '! now has effects without an approval: early',
      ],
    ],
  ])('shows %s', (_name, after, expected) => {
    expect(lines(after)).toEqual(expected);
  });

  it('says what an added step executes, and nothing of the kind of a container or a removed step', () => {
    const once = ACT.replace('act,', 'pay,').replace('idempotent', 'once');
    const { steps } = diffPlans(plan([SCAN, AGREE, ACT]), plan([SCAN, AGREE, once, GROUP.replaceAll('act', 'book')]));
    expect(steps.map(({ id, change, does }) => [id, change, does])).toEqual([
      ['pay', 'added', { uses: 'builtin:command', effects: 'once' }],
      ['both', 'added', undefined],
      ['book', 'added', { uses: 'builtin:command', effects: 'idempotent' }],
      ['act', 'removed', undefined],
    ]);
  });

  it('says both ways: what was added is removed the other way round', () => {
    const after = plan([SCAN, ACT]);
    expect(diffPlans(after, base).gates).toEqual({
      newlyUngated: [],
      newlyGated: ['act'],
      removed: [],
      added: ['agree'],
    });
    expect(diffPlans(base, after).planHash).toEqual({
      before: diffPlans(after, base).planHash.after,
      after: diffPlans(after, base).planHash.before,
    });
  });

  it('compares inputs by value', () => {
    const more = 'inputs: [ { name: n, type: integer, default: 1 } ]';
    expect(diffPlans(plan([SCAN], more), plan([SCAN], more, { n: 2 })).parts).toEqual({
      inputs: [{ path: '/n', before: 1, after: 2 }],
    });
  });
});
