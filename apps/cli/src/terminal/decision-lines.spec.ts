import type { RunGateView, RunView } from '../server/run-views';
import { runGateLines } from './decision-lines';
import { cancellationLines, endHelp, endLines, waitLine, waitLines } from './run-lines';

const policy = {
  id: 'late',
  level: 'soft-mandatory',
  engine: 'cel',
  digest: 'sha256:1',
  result: 'deny',
  reasons: ['it is late', 'no\ngate other: approved'],
} as const;
const decision = {
  decisionId: 'dec_1',
  decision: 'approved' as const,
  person: { iss: 'https://id.test', sub: 'grace' },
  onBehalfOf: { iss: 'https://id.test', sub: 'linus' },
  actors: [{ iss: 'https://id.test', sub: 'bot', kind: 'client' }],
  reason: 'urgent\u001b[2J',
  response: { ticket: 7 },
  decidedAt: '2026-11-24T10:05:00.000Z',
  proof: 'token' as const,
  record: 'sha256:2',
};
const gate: RunGateView = {
  gateId: 'check',
  label: null,
  status: 'approved',
  reason: null,
  approval: 'owners',
  policy,
  requirement: { grants: ['packs.approve'], minApprovals: 1, proof: 'service' },
  gateDigest: 'sha256:3',
  approvals: 1,
  required: 1,
  openedAt: '2026-11-24T10:00:00.000Z',
  until: '2026-11-25T10:00:00.000Z',
  endedAt: '2026-11-24T10:05:01.000Z',
  decisions: [decision],
};

describe('a gate of a run', () => {
  it('is shown with its policy, and who decided, when, why and by what proof', () => {
    expect(runGateLines(gate)).toEqual([
      'gate check: overridden, 1 of 1 approvals, ended 2026-11-24T10:05:01.000Z',
      '  needs: 1 person with packs.approve, proof service (approval owners)',
      '  policy late (soft-mandatory) denied it [cel]',
      '    reason: it is late',
      '    reason: no\\u{a}gate other: approved',
      '  people overrode the denial',
      '  overridden by grace of https://id.test on behalf of linus of https://id.test',
      '    through: bot of https://id.test (client)',
      '    at: 2026-11-24T10:05:00.000Z',
      '    why: urgent\\u{1b}[2J',
      '    response: {"ticket":7}',
      '    proof: token (a token bound to the decision)',
      '    record: sha256:2 (dec_1)',
      '  gate digest: sha256:3',
    ]);
  });

  it('that a policy denied names the policy and its reasons; one that was not reached says so', () => {
    const closed = { requirement: null, gateDigest: null, required: null, decisions: [], approval: null };
    const denied: RunGateView = { ...gate, ...closed, status: 'denied', reason: 'POLICY_DENIED' };
    expect(runGateLines(denied).slice(0, 3)).toEqual([
      'gate check: denied (POLICY_DENIED), ended 2026-11-24T10:05:01.000Z',
      '  policy late (soft-mandatory) denied it [cel]',
      '    reason: it is late',
    ]);
    const unreached = {
      ...gate,
      ...closed,
      status: 'not_reached' as const,
      endedAt: null,
      policy: { ...policy, result: null, reasons: [] },
    };
    expect(runGateLines(unreached)).toEqual([
      'gate check: not reached',
      '  policy late (soft-mandatory) was not evaluated [cel]',
    ]);
  });
});

describe('a run', () => {
  const run = { runId: 'run_1', status: 'failed', evidence: { digest: null } } as never;

  it('that waits for people to override a policy says what it said', () => {
    const lines = waitLines(run, { kind: 'policy', id: 'check', since: null, until: null, policy });
    expect(lines).toEqual([
      'policy late (soft-mandatory) denied it [cel]',
      '  reason: it is late',
      '  reason: no\\u{a}gate other: approved',
      'waiting for approval at check',
      'approving overrides the denial',
      'help: A person who did not start the run can decide with: taskrunner approve run_1 check',
    ]);
  });

  it('that a policy ended says which and why', () => {
    const error = { code: 'POLICY_DENIED', stepId: 'check', message: 'policy late denied it', policy };
    expect(endLines({ ...(run as object), error } as never)).toEqual([
      'run run_1 failed',
      'POLICY_DENIED at check',
      '  policy late (soft-mandatory) denied it [cel]',
      '    reason: it is late',
      '    reason: no\\u{a}gate other: approved',
    ]);
    const old = { code: 'POLICY_DENIED', stepId: 'check', message: null };
    expect(endLines({ ...(run as object), error: old } as never)).toEqual([
      'run run_1 failed',
      'POLICY_DENIED at check',
    ]);
    expect(endHelp({ ...(run as object), error } as never)).toEqual([]);
    expect(endHelp({ ...(run as object), error: old } as never)).toEqual([
      'help: See the reasons with `taskrunner gates run_1`.',
    ]);
  });
});

describe('a run that failed', () => {
  const run = { runId: 'run_1', status: 'failed', evidence: { digest: null } } as never;
  const error = { code: 'EXIT_3', stepId: 'scan', message: null };

  it('names the step that failed in a map, its item, its last line, how many failed, and the message of the pack', () => {
    const failure = {
      stepId: 'scan[1]::check',
      labels: ['b.example'],
      code: 'EXIT_3',
      said: 'connection refused\u001b[2J',
      count: { of: 'scan', failed: 1, all: 3 },
    };
    const message = 'Call platform.';
    expect(endLines({ ...(run as object), error, message } as never, failure)).toEqual([
      'run run_1 failed',
      'EXIT_3 at scan[1]::check (b.example): connection refused\\u{1b}[2J',
      '  1 of 3 failed at scan',
      '  message: Call platform.',
    ]);
    expect(endHelp({ ...(run as object), error } as never, failure)).toEqual([
      "help: See its output with `taskrunner logs run_1 --step 'scan[1]::check'`. The program defines what the code means.",
    ]);
    const atTop = { ...failure, stepId: 'scan', labels: [], said: null, count: null };
    expect(endLines({ ...(run as object), error } as never, atTop)).toEqual(['run run_1 failed', 'EXIT_3 at scan']);
  });

  it('has the remedy of its code once, for all items that failed alike', () => {
    const failure = {
      stepId: 'each[0]::get',
      labels: [],
      code: 'EGRESS_DENIED',
      said: 'https://a.test:443 is not in egress of the step: EGRESS_NOT_LISTED',
      count: { of: 'each', failed: 2, all: 2 },
    };
    expect(endHelp({ ...(run as object), error } as never, failure)).toEqual([
      'help: If the step needs the destination, add it to `egress` of the step (docs/guides/network.md).',
    ]);
    expect(endHelp({ ...(run as object), error } as never, { ...failure, code: 'OUT_OF_PAPER' })).toEqual([]);
    expect(endHelp({ ...(run as object), error: null } as never)).toEqual([]);
  });

  it('was cancelled: says by whom and why, on one line; nothing if the server does not say', () => {
    const by = { iss: 'https://id.test', sub: 'u-17', name: 'Ada' };
    const cancellation = { by, reason: 'wrong\ntarget', force: false, requestedAt: '2026-11-24T10:00:00.000Z' };
    expect(cancellationLines({ status: 'cancelling', cancellation })).toEqual(['cancelled by Ada: wrong\\u{a}target']);
    expect(cancellationLines({ status: 'cancelled' })).toEqual([]);
    expect(cancellationLines({ status: 'cancelled', cancellation: null })).toEqual([]);
    const byOther = { ...cancellation, by: { ...by, name: null }, reason: 'late' };
    expect(endLines({ ...(run as object), error: null, cancellation: byOther } as never)).toEqual([
      'run run_1 failed',
      'cancellation requested by u-17: late',
    ]);
    const error = { code: 'RUN_CANCELLED', stepId: null, message: null };
    expect(endLines({ ...(run as object), status: 'cancelled', error, cancellation } as never)).toEqual([
      'run run_1 cancelled',
      'RUN_CANCELLED',
      'cancelled by Ada: wrong\\u{a}target',
    ]);
  });

  it('has the message of its end, or says why there is none', () => {
    const ended = (change: object) => endLines({ ...(run as object), error: null, ...change } as never);
    expect(ended({ message: 'Call platform.\nAt once\u001b[2J.' })).toEqual([
      'run run_1 failed',
      '  message: Call platform.',
      '  message: At once\\u{1b}[2J.',
    ]);
    const messageError = { code: 'EXPR_NULL', message: 'the value is null' };
    expect(ended({ message: null, messageError })).toEqual([
      'run run_1 failed',
      '  no message: EXPR_NULL, the value is null',
    ]);
    expect(ended({})).toEqual(['run run_1 failed']);
  });
});

describe('what a run waits for', () => {
  it.each([
    [
      'with a time',
      'timer',
      'pause',
      '2026-11-25T10:00:00.000Z',
      'waiting: timer pause until 2026-11-25T10:00:00.000Z',
    ],
    ['without one', 'concurrency', 'deploy', null, 'waiting: concurrency deploy'],
    ['without anything', 'restore', null, null, 'waiting: restore'],
  ])('is a line %s', (_, kind, id, until, line) => {
    expect(waitLine({ kind, id, until, since: null })).toBe(line);
  });

  it('after a restore is what an operator must do', () => {
    const run = { runId: 'run_1' } as RunView;
    const lines = waitLines(run, { kind: 'restore', id: null, since: null, until: null });
    expect(lines.at(-1)).toContain('taskrunner maintain resume run_1');
  });
});
