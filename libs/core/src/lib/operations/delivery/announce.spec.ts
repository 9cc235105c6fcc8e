import { RunProjection } from '../../binding/run-projection';
import type { Digest, StepId, TenantId } from '../../foundation/ids';
import type { Unnumbered } from '../../journal/page';
import { indexPlan } from '../../plan/plan-index';
import type { GateNode } from '../../plan/plan';
import { ANNOUNCEMENT_TYPES, type AnnouncementType } from '../../ports/runs/announcements';
import { aBlock, aPlan, testDefaults, testRules } from '../../../testing/random/random-plan';
import type { Approver } from '../../gate/approvers';
import { announcementsOf } from './announce';

const DIGEST = `sha256:${'1'.repeat(64)}` as Digest;
const gate = (id: string, policy: string | null): GateNode => ({
  kind: 'gate',
  id,
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
  approval: 'owners',
  policy,
  with: {},
  message: null,
  show: {},
  form: null,
});
const index = indexPlan(aPlan(aBlock([gate('ask', null), gate('check', 'p')])), DIGEST, testDefaults, testRules);

interface Listening {
  readonly types?: readonly AnnouncementType[];
  readonly people?: readonly Approver[] | null;
  readonly streams?: readonly string[];
}

function announced(events: readonly Unnumbered['event'][], listening: Listening = {}) {
  const { types = ANNOUNCEMENT_TYPES, people = [], streams = ['hook'] } = listening;
  const entries = events.map((event): Unnumbered => ({ at: 1_000, kind: 'derived', event }) as Unnumbered);
  const results = new RunProjection();
  for (const entry of entries) results.take(entry);
  return announcementsOf({
    announcing: { streams: () => streams.map((id) => ({ id, types })), people },
    index,
    results,
    tenant: 'acme' as TenantId,
    entries,
    first: 10,
  }).flatMap((item) => (item.kind === 'announce' ? [item] : []));
}

const opened = (step: string) =>
  ({
    type: 'gate.opened',
    step: step as StepId,
    request: null,
    gateDigest: DIGEST,
    expiresAt: 9_000,
    executeBy: 20_000,
  }) as const;
const ended = (step: string, outcome: 'approved' | 'closed') =>
  ({ type: 'gate.ended', step: step as StepId, outcome, code: null }) as const;

describe('announcements', () => {
  it('follow the journal, each type of an event at a place of its own', () => {
    const items = announced([{ type: 'run.started' }, opened('ask'), ended('ask', 'approved')]);
    expect(items.map(({ place, body }) => [place, body.type])).toEqual([
      [40, 'run.started'],
      [44, 'gate.opened'],
      [45, 'pack.approval.requested'],
      [48, 'gate.ended'],
      [49, 'pack.approval.updated'],
    ]);
    expect(items[1]?.body).toEqual({
      type: 'gate.opened',
      at: 1_000,
      gate: 'ask',
      gateDigest: DIGEST,
      step: null,
      execution: null,
    });
  });

  it('tell the hold of a policy, and its release only where people overrode it', () => {
    const types = (outcome: 'approved' | 'closed') =>
      announced([opened('check'), ended('check', outcome)])
        .map(({ body }) => body.type)
        .filter((type) => type.startsWith('pack.'));
    expect(types('approved')).toEqual(['pack.policy.hold', 'pack.policy.released']);
    expect(types('closed')).toEqual(['pack.policy.hold']);
  });

  it('go to each endpoint that wants them, and nowhere where nobody does', () => {
    expect(
      announced([opened('ask')], { streams: ['a', 'b'], types: ['gate.opened'] }).map(({ stream }) => stream),
    ).toEqual(['a', 'b']);
    expect(announced([opened('ask')], { types: ['run.ended'] })).toEqual([]);
    expect(announced([opened('ask')], { streams: [] })).toEqual([]);
  });

  it('remind at half of the time, beside the order, where nobody has said who decides', () => {
    const reminder = announced([opened('ask')], { people: null }).find(({ body }) => body.type === 'gate.reminder');
    expect(reminder).toMatchObject({
      stream: 'hook#reminder',
      dueAt: 5_000,
      body: { gate: 'ask', gateDigest: DIGEST },
    });
    expect(announced([opened('ask')]).some(({ body }) => body.type === 'gate.reminder')).toBe(false);
  });

  it('hold nothing of what the run knows', () => {
    const secret = { type: 'step.ended', step: 'ask' as StepId, message: 'secret' } as never;
    expect(announced([secret, { type: 'note', code: 'OTHER', detail: { gate: 'ask' } }])).toEqual([]);
  });
});
