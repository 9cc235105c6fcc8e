import { createHash } from 'node:crypto';
import { digestOf } from '@taskrunner/core/canonical';
import type { GateView, PlanView } from '../../server/run-views';
import { plannedBehind, plannedLines } from './planned-lines';

const digestOfText = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const common = { when: null, stated: false, runOn: 'success', timeoutMs: null, workers: [], continueOnError: false };
const act = {
  ...common,
  ...{
    kind: 'run',
    id: 'act',
    name: 'Tell\ngate digest  x',
    needs: ['agree'],
    uses: 'builtin:script',
    effects: 'once',
  },
  ...{
    with: { interpreter: ['bash'], source: 'echo 1\ngate digest  sha256:forged\u001b[1A' },
    env: { WHO: '{{ inputs.who }}' },
  },
  ...{
    files: {},
    secrets: [{ name: 'token', env: 'TOKEN', file: null }],
    tools: {},
    egress: [],
    artifacts: [],
    outputs: null,
  },
  retries: { maxAttempts: 1, backoffMs: 0, factor: 2, maxBackoffMs: 0, jitter: true, on: null, attemptTimeoutMs: null },
};
const gate = {
  ...common,
  kind: 'gate',
  id: 'agree',
  name: null,
  needs: [],
  approval: 'a',
  policy: null,
  with: {},
  message: null,
  show: {},
  form: null,
};
const plan = {
  inputs: { who: 'ops', pin: { sensitive: true } },
  graph: { nodes: [gate, act], maxParallel: 0, continueOnError: false },
  sandbox: { egressAllowlist: null },
};
const profile = { defaults: { maxParallel: 3 } };
const answer = { planHash: digestOf(plan), plan, profile } as unknown as PlanView;
const view = (more: object = {}): GateView =>
  ({
    gateId: 'agree',
    request: { planHash: digestOf(plan), profileDigest: digestOf(profile), ...more },
  }) as unknown as GateView;

describe('the steps behind a gate', () => {
  it('come after the inputs, which have the order of the pack if the server sends it', () => {
    const namesOf = (inputOrder?: string[]): readonly string[] =>
      plannedBehind(view(), { ...answer, ...(inputOrder && { inputOrder }) }).inputs.map(({ name }) => name);
    expect([namesOf(['pin', 'who']), namesOf()]).toEqual([
      ['pin', 'who'],
      ['who', 'pin'],
    ]);
  });

  it('are printed with what they execute, and none of their lines can pass for one of ours', () => {
    const lines = plannedLines(plannedBehind(view(), answer), null).join('\n').split('\n');
    for (const line of [
      '  who          ops',
      '  pin          sensitive: the value is not shown',
      '  step act (Tell\\u{a}gate digest  x): builtin:script, effects once',
      '    env WHO      {{ inputs.who }}',
      '    secret       token, in env TOKEN',
      '    network      none',
      '    source',
      '      echo 1',
      '      gate digest  sha256:forged\\u{1b}[1A',
    ])
      expect(lines).toContain(line);
    expect(lines.filter((line) => /^\S/.test(line))).toEqual([
      'inputs',
      'behind       expressions are as the plan has them',
    ]);
  });

  it('have long values cut, with size, digest and the command that prints them; the rest stays', () => {
    const steps = [
      { id: 'a', title: null, uses: 'x', effects: 'once', facts: [{ name: 'args', text: 'y'.repeat(5_000) }] },
    ] as const;
    const lock = Array.from({ length: 1_052 }, (_, at) => `line ${at}`).join('\n');
    const inputs = [
      { name: 'lock', text: lock },
      { name: 'who', text: 'ops' },
    ];
    const cut = plannedLines({ inputs, steps }, 'taskrunner approve run_1 agree --full').join('\n').split('\n');
    expect(cut).toHaveLength(48);
    expect(cut.slice(41, 43)).toEqual([
      '    line 39…',
      `  lock cut here: 1 012 more lines; whole value: 9 409 bytes, ${digestOfText(lock)}; read it with: taskrunner approve run_1 agree --full`,
    ]);
    expect(cut[43]).toBe('  who          ops');
    expect(cut.slice(46).map((line) => line.slice(0, 60))).toEqual(
      [`    args         ${'y'.repeat(43)}`, '    args cut here: the line goes on; whole value: 5 000 bytes, '].map(
        (line) => line.slice(0, 60),
      ),
    );
    const whole = plannedLines({ inputs, steps }, null).join('\n');
    expect(whole).toContain('line 1051');
    expect(whole).toContain('y'.repeat(5_000));
    expect(whole).not.toContain('cut here');
  });

  it.each([
    ['another plan', { planHash: digestOf('other') }],
    ['another profile', { profileDigest: digestOf('other') }],
  ])('are not printed from %s than the request names', (_what, more) => {
    expect(() => plannedBehind(view(more), answer)).toThrow(expect.objectContaining({ code: 'CLI_GATE_DIGEST' }));
  });
});
