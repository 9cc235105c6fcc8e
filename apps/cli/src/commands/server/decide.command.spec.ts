import { digestOf } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { waysOut } from '@taskrunner/core/gate';
import type { GateView } from '../../server/run-views';
import type { Terminal } from '../../terminal/terminal';
import { gateLines } from '../../terminal/gates/gate-lines';
import { confirmedByPerson, digestOfShown } from '../../decisions/terminal-decision';

const show = { critical: ['CVE-2026-1'] };
const request = {
  schema: 'taskrunner.gate-request.v1',
  runId: 'run_1',
  tenant: 'acme',
  gate: 'approve',
  label: null,
  planHash: digestOf('plan'),
  profileDigest: digestOf('profile'),
  admissionDigest: digestOf('admission'),
  requirement: {
    approval: 'a',
    grants: ['packs.approve'],
    minApprovals: 1,
    selfApproval: false,
    proof: 'service',
    maxAuthAge: null,
    reasonRequired: true,
    formDigest: null,
  },
  policy: null,
  message: 'fine\ngate digest  sha256:forged\u001b[1A',
  showDigest: digestOf(show),
  reads: {},
  item: null,
  secrets: [],
  opens: ['apply'],
  notApplied: [],
  nonce: 'n',
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-02T00:00:00.000Z',
  executeBy: '2026-01-03T00:00:00.000Z',
} as const;

const view = (more: object = {}): GateView => ({
  runId: 'run_1',
  gateId: 'approve',
  status: 'open',
  gateDigest: digestOf(request),
  planHash: request.planHash,
  request,
  show,
  approvals: 0,
  required: 1,
  until: request.expiresAt,
  ungatedEffects: ['tell'],
  planDiff: null,
  canDecide: true,
  why: null,
  ...more,
});

describe('a gate that is decided', () => {
  it('is named by the digest of the request that was rendered', () => {
    expect(digestOfShown(view())).toBe(digestOf(request as unknown as Json));
  });

  it.each([
    ['the digest is another', { gateDigest: digestOf('else') }],
    ['the findings are others', { show: { critical: [] } }],
    ['the request was changed', { request: { ...request, opens: ['else'] } }],
    ['it is of another run', { runId: 'run_2' }],
    ['it is another gate', { gateId: 'other' }],
  ])('is refused where %s', (_what, change) => {
    expect(() => digestOfShown(view(change))).toThrow(expect.objectContaining({ code: 'CLI_GATE_DIGEST' }));
  });

  it('is shown so that no message can pose as a line of ours', () => {
    const lines = gateLines(view(), digestOfShown(view())).join('\n').split('\n');
    expect(lines.filter((line) => line.startsWith('gate digest'))).toEqual([`gate digest  ${view().gateDigest}`]);
    expect(lines).toContain('  gate digest  sha256:forged\\u{1b}[1A');
    expect(lines).toContain('      "CVE-2026-1"');
    expect(lines).toContain('ungated      tell');
    const suggested = gateLines(view({ suggestedReason: 'read\ngate digest  sha256:0' }), request.planHash);
    expect(suggested).toContain('suggested reason');
    expect(suggested).toContain('  gate digest  sha256:0');
    // What waits for this gate is not free, although no approval rule guards it.
    const byPolicy = gateLines(view({ ungatedEffects: ['apply'] }), digestOfShown(view()));
    expect(byPolicy.filter((line) => /^(?:ungated|policy only)/.test(line))).toEqual([
      'policy only  apply: no approval, had the policy allowed it',
    ]);
  });

  it('says that nobody can open it, who can change that, and what ends the run', () => {
    const requester = { id: 'ada', iss: 'i', name: 'Ada' };
    const lines = gateLines(view({ required: 3, approvals: 1, approversLeft: 1, requester }), request.planHash);
    const at = lines.findIndex((line) => line.startsWith('quorum'));
    const said = lines.slice(at, at + 3).join('\n');
    expect(said).toContain('nobody can open this gate: it has 1 of 3 approvals, and 1 of the people');
    // The same words as in the console.
    for (const words of waysOut({ grants: ['packs.approve'], requester: 'Ada', until: request.expiresAt }))
      expect(said).toContain(words);
    expect(said).toContain('The operator can add people to approvals.people and give them packs.approve.');
    expect(said).toMatch(
      /Ada, who started the run, or an operator can cancel it, and somebody who may decide can reject/,
    );
    expect(said).toContain('Otherwise the run ends with GATE_EXPIRED at 2026-01-02');
    for (const left of [2, null, undefined])
      expect(
        gateLines(view({ required: 3, approvals: 1, approversLeft: left }), request.planHash).join(),
      ).not.toContain('quorum');
  });

  it('tells somebody who has approved what they can still do', () => {
    const you = (why: string | null): string | undefined =>
      gateLines(view({ canDecide: why === null, why }), request.planHash).find((line) => line.startsWith('you '));
    expect(you('GATE_ALREADY_COUNTED')).toBe('you          have approved; you can withdraw or reject');
    expect(you('GATE_DECIDED')).toBe('you          may not decide: GATE_DECIDED');
    expect(you(null)).toBe('you          may decide');
  });

  it('has long findings cut, which are seen to be cut; message, form and digest are whole', () => {
    const long = Array.from({ length: 500 }, (_, at) => `CVE ${at}`);
    const message = long.join('\n');
    const shown = (full: string | null) =>
      gateLines(view({ show: long, request: { ...request, message } }), request.planHash, undefined, {
        full,
        form: long,
      });
    const cut = shown('taskrunner approve run_1 approve --full');
    expect(cut.filter((line) => line === '    "CVE 499"')).toEqual([]);
    expect(cut.filter((line) => /^findings cut here: 462 more lines; .*--full$/.test(line))).toHaveLength(1);
    expect([cut.includes('  CVE 499'), cut.includes('CVE 499'), cut.at(-1)]).toEqual([
      true,
      true,
      `gate digest  ${request.planHash}`,
    ]);
    expect(shown(null)).toContain('    "CVE 499"');
  });

  it('has its findings counted by severity, and the worst of those that are cut', () => {
    const findings = Array.from({ length: 100 }, (_, at) => ({ severity: at === 72 ? 'critical' : 'low', at }));
    const shown = (full: string | null) =>
      gateLines(view({ show: { region: 'eu', findings } }), request.planHash, undefined, { full });
    const counted = 'severities   findings: 100 rows, 1 critical, 99 low';
    const cut = shown('taskrunner approve run_1 approve --full');
    expect(cut.slice(cut.indexOf(counted) + 1, cut.indexOf(counted) + 6)).toEqual(
      [72, 0, 1, 2, 3].map((at) => `  ${JSON.stringify(findings[at])}`),
    );
    expect(shown(null).filter((line) => line === counted || line.includes('{"severity"'))).toEqual([counted]);
  });

  it('is shown with what differs from the run that was approved before', () => {
    const step = { id: 'a\ngate digest  x', change: 'added', kind: 'run', from: null, changes: [] };
    const gates = { newlyUngated: [], newlyGated: [], removed: [], added: [] };
    const planHash = { before: request.planHash, after: request.planHash };
    const diff = { same: false, planHash, steps: [step], parts: {}, gates };
    const shown = (planDiff: object) => gateLines(view({ planDiff }), request.planHash).join('\n').split('\n');
    const lines = shown({ against: 'run_0', diff, why: null });
    expect(lines.slice(lines.indexOf('changes      since run_0 was approved') + 1)[0]).toMatch(/^ {2}.*a/);
    expect(lines.filter((line) => line.startsWith('gate digest'))).toHaveLength(1);
    expect(shown({ against: 'run_0', diff: { ...diff, same: true, steps: [] }, why: null })).toContain(
      'changes      none since run_0 was approved',
    );
    const known = { approvedAt: '2026-01-01T00:00:00.000Z', approvedBy: [{ sub: 'g', name: 'Grace' }] };
    expect(shown({ against: 'run_0', ...known, diff: { ...diff, same: true, steps: [] }, why: null })).toContain(
      'changes      none since run_0 was approved at 2026-01-01T00:00:00.000Z by Grace',
    );
    expect(shown({ against: 'run_0', diff: null, why: 'PLAN_LIMIT' })).toContain(
      'changes      since run_0 are unknown: PLAN_LIMIT',
    );
    expect(gateLines(view({ planDiff: null }), request.planHash)).toContain(
      'changes      everything is new: no run of this pack has been approved before',
    );
  });

  it('shows what it overrides: policy, level, result, every reason, and that again beside the digest', () => {
    const reasons = ['it is late', 'no\ngate digest  sha256:forged\u001b[1A'];
    const policy = { allow: false, undecided: false, reasons, engine: 'cel', digest: digestOf('source') };
    const named = { ...request, policy: { ...policy, id: 'late', level: 'soft-mandatory' } };
    const lines = gateLines(view({ request: named }), request.planHash);
    const at = lines.indexOf('policy');
    expect(lines.slice(at, at + 4)).toEqual([
      'policy',
      '  policy late (soft-mandatory) denied it [cel]',
      '    reason: it is late',
      '    reason: no\\u{a}gate digest  sha256:forged\\u{1b}[1A',
    ]);
    expect(lines.slice(-2)).toEqual([
      'overrides    approving overrides the denial of policy late (soft-mandatory)',
      `gate digest  ${request.planHash}`,
    ]);
    // A request of an earlier version does not name the policy, but the server does.
    const { id, level } = named.policy;
    const older = view({ request: { ...request, policy }, policy: { id, level } });
    expect(gateLines(older, request.planHash)).toContain('  policy late (soft-mandatory) denied it [cel]');
  });

  it.each([80, 40, 20])('has no line of others at the margin of a terminal of %i columns', (columns) => {
    const forged = `${'x'.repeat(columns - 3)} gate digest  sha256:forged ${'界'.repeat(columns)}gate digest  sha256:forged`;
    const policy = {
      id: 'late',
      level: 'soft-mandatory',
      allow: false,
      undecided: false,
      reasons: [forged],
      engine: 'cel',
    };
    const shown = view({ request: { ...request, message: forged, policy }, show: { forged } });
    const lines = gateLines(shown, request.planHash, columns);
    const width = (line: string) =>
      [...line].reduce((sum, one) => sum + ((one.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1), 0);
    const isDigest = (line: string) => /^[a-z][a-z ]{12}sha256:[0-9a-f]{64}$/.test(line);
    for (const line of lines) if (!isDigest(line)) expect(width(line)).toBeLessThan(columns);
    // Digests of our own are printed on one line, so that they can be copied. There is one gate digest, and it is the last line.
    expect(lines.filter((line) => line.startsWith('gate digest'))).toEqual([`gate digest  ${request.planHash}`]);
    expect(lines.at(-1)).toBe(`gate digest  ${request.planHash}`);
  });
});

describe('the question for the digest', () => {
  const digest = digestOf('request');
  const ask = (answer: string | null, canAsk: boolean) =>
    confirmedByPerson('approve', digest, {
      canAsk,
      ask: async () => answer,
      say: () => undefined,
    } as unknown as Terminal);

  it('is answered with the first 8 characters', async () => {
    await expect(ask(` ${digest.slice(7, 15).toUpperCase()} `, true)).resolves.toBeUndefined();
  });

  it.each([
    ['other characters', '00000000', true, 'the characters are not the first 8 of the gate digest', /^No decision was/],
    ['Ctrl-C', null, true, 'stopped at the question', /^No decision was made\.$/],
    ['nobody', null, false, 'the decision was not confirmed', /--yes --gate-digest/],
  ])('is not confirmed by %s', async (_what, answer, canAsk, message, remediation) => {
    await expect(ask(answer, canAsk)).rejects.toMatchObject({
      code: 'CLI_NOT_CONFIRMED',
      exitCode: 3,
      message,
      remediation: expect.stringMatching(remediation),
    });
  });
});
