import { digestOf } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { planPack } from '@taskrunner/core/operations';
import { packText, testConfiguration, testEnvironment } from '@taskrunner/core/testing';
import { decide, DECISIONS } from '../../decisions/terminal-decision';
import type { GateView, LogEvent } from '../../server/run-views';
import { PlainDisplay } from '../../terminal/plain-display';
import type { Terminal } from '../../terminal/terminal';
import { GateQuestions, waitingHelp } from './gate-questions';
import { LocalDisplay } from '../local-display';

const planning = planPack(
  {
    manifest: packText(
      '- { id: ok, gate: { approval: a, message: "Go on?" } }\n- { id: apply, needs: [ok], run: { uses: "builtin:noop" } }',
      'approvals: [{ id: a, grants: [packs.approve], minApprovals: 1 }]',
    ),
    hasLines: true,
    files: [],
  },
  {},
  { environment: testEnvironment, configuration: testConfiguration },
);
if (planning.kind === 'refused') throw new Error(JSON.stringify(planning.faults));
const { plan, profile } = planning.planned;

const show = {};
const request = {
  ...{ schema: 'taskrunner.gate-request.v1', runId: 'run_1', tenant: 'acme', gate: 'ok', label: null },
  ...{
    planHash: digestOf(plan as unknown as Json),
    profileDigest: digestOf(profile as unknown as Json),
    admissionDigest: digestOf('admission'),
  },
  requirement: {
    ...{ approval: 'a', grants: ['packs.approve'], minApprovals: 1, selfApproval: false, proof: 'service' },
    ...{ maxAuthAge: null, reasonRequired: true, formDigest: null },
  },
  ...{ policy: null, message: 'Go on?', showDigest: digestOf(show), reads: {}, item: null, secrets: [] },
  ...{ opens: ['apply'], notApplied: [], nonce: 'n', openedAt: '2026-01-01T00:00:00.000Z' },
  ...{ expiresAt: '2026-01-02T00:00:00.000Z', executeBy: '2026-01-03T00:00:00.000Z' },
} as const;
const digest = digestOf(request);
const FIRST = digest.slice(7, 15);
const WAITS = [{ kind: 'approval', id: 'ok', since: null }];
const FORGED = '00000000';

/** A person at a gate. `answers`: what is typed, in order, or what happens instead. */
function atGate(answers: readonly (string | (() => Promise<string | null>))[], more: object = {}, lastLine = 0) {
  const out: string[] = [];
  const typed = [...answers];
  const sent: object[] = [];
  const left: (readonly string[])[] = [];
  const terminal: Terminal = {
    print: (line) => void out.push(line),
    say: (line) => void out.push(line),
    draw: (text) => void out.push(text),
    ...{ isInteractive: true, canAsk: true, columns: 80, rows: 24 },
    ask: async (question, over) => {
      out.push(question);
      const next = typed.shift() ?? null;
      if (next === null || typeof next === 'string') return next;
      const ended = new Promise<null>((resolve) => over?.addEventListener('abort', () => resolve(null)));
      return Promise.race([next(), ended]);
    },
  };
  const decided = async (_gate: object, body: object) => {
    sent.push(body);
    const payload = Buffer.from(JSON.stringify(body)).toString('base64');
    const receipt = { payload, payloadType: 'application/json', signatures: [{ keyid: '', sig: 'AAAA' }] };
    return { receipt, approvals: 1, required: 1, status: 'approved' };
  };
  const view = {
    ...{ runId: 'run_1', gateId: 'ok', status: 'open', gateDigest: digest, planHash: request.planHash, request, show },
    ...{ approvals: 0, required: 1, until: request.expiresAt, ungatedEffects: [], planDiff: null },
    ...{ canDecide: true, why: null, ...more },
  } as unknown as GateView;
  const server = {
    client: { run: async () => ({ lastLine }), approve: decided, reject: decided },
    gate: async () => view,
    plan: async () => ({ plan, profile }),
    gates: async () => [],
    me: async () => ({ person: { iss: 'i', sub: 'ada' } }),
  };
  const display = new LocalDisplay(new PlainDisplay(terminal), false, () => undefined);
  const questions = new GateQuestions({
    ...{ terminal, display, runId: 'run_1', server: server as never },
    isInitiator: false,
    resume: 'taskrunner run --resume run_1 --as ada',
    onLeft: (lines) => void left.push(lines),
  });
  return {
    out,
    sent,
    left,
    display,
    questions,
    server,
    terminal,
    view,
    at: (text: string) => out.findIndex((line) => line === text),
  };
}

const line = (sequence: number): LogEvent => ({
  ...{ runId: 'run_1', sequence, eventType: 'step.log', stepId: 'scan', message: `line ${sequence}` },
});
const QUESTION = 'approve, reject or later? ';
const never = () => new Promise<null>(() => undefined);

describe('a question at a gate', () => {
  it('comes after the log that was there already, and directly below the request', async () => {
    const typedLate = async () => {
      for (let n = 1201; n <= 1300; n++) gate.display.line(line(n));
      return 'later';
    };
    const gate = atGate([typedLate], {}, 1200);
    gate.questions.open('ok');
    for (let n = 1; n <= 1200; n++) {
      gate.display.line(line(n));
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await gate.questions.idle();
    const asked = gate.at(QUESTION);
    expect(gate.out[asked - 1]).toBe(`gate digest  ${digest}`);
    expect(gate.at('scan | line 1200')).toBeLessThan(asked);
    expect(gate.at('scan | line 1201')).toBe(asked + 1);
    expect(gate.at('scan | line 1300')).toBe(asked + 100);
  });

  it('shows the request again below very many lines', async () => {
    const flood = async () => {
      for (let n = 1; n <= 10_001; n++) gate.display.line(line(n));
      return 'later';
    };
    const gate = atGate([flood]);
    gate.questions.open('ok');
    await gate.questions.idle();
    expect(gate.out[gate.at('scan | line 10001') - 1]).toBe(`gate digest  ${digest}`);
    expect(gate.out.filter((one) => one.startsWith('scan | '))).toHaveLength(10_001);
  });

  it.each([
    ['the run has ended', { status: 'failed', cancellation: null, waits: [] }],
    ['the run is being cancelled', { status: 'running', cancellation: {}, waits: WAITS }],
    ['the gate no longer waits', { status: 'running', cancellation: null, waits: [] }],
  ])('ends when %s', async (_what, run) => {
    const gate = atGate([never]);
    gate.questions.open('ok');
    for (let turn = 0; turn < 1_000 && !gate.out.includes(QUESTION); turn++)
      await new Promise((resolve) => setImmediate(resolve));
    gate.questions.changed({ status: 'waiting', cancellation: null, waits: WAITS } as never);
    expect(gate.out.at(-1)).toBe(QUESTION);
    gate.questions.changed(run as never);
    await gate.questions.idle();
    expect([gate.out.at(-1), gate.left]).toEqual(['the question has ended: the gate ok no longer waits', []]);
  });

  it('asks again for a reason and for the digest', async () => {
    const gate = atGate(['reject', '', ' ', 'too late', FORGED, FORGED, FIRST]);
    gate.questions.open('ok');
    await gate.questions.idle();
    expect(gate.sent).toEqual([{ reason: 'too late' }]);
    expect(gate.out.filter((one) => /^A reason is needed|^These are not/.test(one))).toEqual([
      ...['A reason is needed.', 'A reason is needed.'],
      ...Array<string>(2).fill('These are not the first 8 characters of the gate digest.'),
    ]);
  });

  it('asks who rejects for no form', async () => {
    const form = { type: 'object', properties: { ticket: { type: 'string', minLength: 3 } }, required: ['ticket'] };
    const gate = atGate(['not today', FIRST]);
    const shown = { view: gate.view, digest, form };
    await decide(DECISIONS[1], shown, {}, { server: gate.server as never, terminal: gate.terminal });
    expect(gate.sent).toEqual([{ reason: 'not today' }]);
    expect(gate.out.join('\n')).not.toContain('ticket');
  });

  it.each([
    ['reason', ['reject', '', '', '', 'late']],
    ['digest', ['reject', 'late', FORGED, FORGED, FORGED, FIRST]],
  ])('gives up after three answers without a %s', async (_what, answers) => {
    const gate = atGate(answers);
    gate.questions.open('ok');
    await gate.questions.idle();
    expect([gate.sent, gate.left.length]).toEqual([[], 1]);
  });

  it('names the setting by which whoever started a run may approve it', async () => {
    const gate = atGate([], { canDecide: false, why: 'GATE_SELF_APPROVAL' });
    gate.questions.open('ok');
    await gate.questions.idle();
    const said = gate.left.flat().join('\n');
    expect(said).toMatch(/^GATE_SELF_APPROVAL /);
    for (const text of ['allowSelfApproval: true', 'TASKRUNNER_APPROVALS_FLOOR_SELF_APPROVAL=true', '--as NAME'])
      expect(said).toContain(text);
  });
});

it('where there is no terminal, the hint names another person if whoever started the run cannot decide', async () => {
  const help = (more: object) => {
    const { server } = atGate([], more);
    return waitingHelp(server as never, { runId: 'run_1', waits: WAITS } as never);
  };
  expect(await help({ canDecide: false, why: 'GATE_SELF_APPROVAL' })).toMatch(/--resume run_1 --as NAME$/);
  expect(await help({})).toMatch(/--resume run_1$/);
});
