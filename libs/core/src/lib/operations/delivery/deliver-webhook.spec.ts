import type { RunId, TenantId } from '../../foundation/ids';
import { Announcements, type Announcement, type DueAnnouncement } from '../../ports/runs/announcements';
import { Messenger, type Message, type Sent } from '../../ports/messenger';
import { messageBody, deliverWebhook, type DeliverWebhookDependencies } from './deliver-webhook';

const HOUR = 3_600_000;

class RecordingAnnouncements extends Announcements {
  readonly log: string[] = [];
  async addressToEndpoints(): Promise<void> {}
  async take(): Promise<readonly DueAnnouncement[]> {
    return [];
  }
  async done(): Promise<void> {
    this.log.push('done');
  }
  async postpone(_item: DueAnnouncement, delayMs: number): Promise<void> {
    this.log.push(`later ${delayMs}`);
  }
}

class Post extends Messenger {
  readonly sent: (Message & { endpoint: string })[] = [];
  constructor(private readonly answer: Sent) {
    super();
  }
  async send(endpoint: string, message: Message): Promise<Sent> {
    this.sent.push({ ...message, endpoint });
    return this.answer;
  }
}

function item(overrides: Partial<DueAnnouncement> = {}, announcement: Partial<Announcement> = {}): DueAnnouncement {
  return {
    id: '0190-ab',
    tenant: 'acme' as TenantId,
    runId: 'run_1' as RunId,
    stream: 'hook',
    announcement: {
      type: 'gate.opened',
      at: Date.UTC(2026, 0, 1),
      gate: 'rollout[3]::approve',
      gateDigest: `sha256:${'0'.repeat(64)}`,
      step: null,
      execution: null,
      ...announcement,
    } as Announcement,
    tries: 1,
    since: 0,
    now: 0,
    gateState: 'open',
    ...overrides,
  };
}

async function deliver(due: DueAnnouncement, answer: Sent) {
  const [announcements, post] = [new RecordingAnnouncements(), new Post(answer)];
  const dependencies: DeliverWebhookDependencies = {
    announcements,
    messenger: post,
    endpoints: [],
    publicUrl: 'https://runner.test',
    retries: { firstMs: 5_000, longestMs: HOUR, giveUpMs: 24 * HOUR },
    random: () => 1,
  };
  return { outcome: await deliverWebhook(dependencies, due), log: announcements.log, sent: post.sent };
}

const failed: Sent = { kind: 'failed', reason: 'HTTP 500' };

describe('telling', () => {
  it('is done when the endpoint has taken it, under one id for all tries', async () => {
    const { outcome, log, sent } = await deliver(item({ tries: 3 }), { kind: 'taken' });
    expect([outcome, log]).toEqual([{ kind: 'told' }, ['done']]);
    expect(sent).toMatchObject([{ endpoint: 'hook', id: 'msg_0190ab' }]);
  });

  it.each([
    [1, 5_000],
    [2, 10_000],
    [5, 80_000],
    [11, HOUR],
    [500, HOUR],
  ])('after try %i waits %i ms', async (tries, delayMs) => {
    const { outcome, log } = await deliver(item({ tries, now: HOUR }), failed);
    expect([outcome.kind, log]).toEqual(['postponed', [`later ${delayMs}`]]);
  });

  it('gives up after a try behind its time, and not before one', async () => {
    expect((await deliver(item({ tries: 40, now: 24 * HOUR - 1 }), failed)).outcome.kind).toBe('postponed');
    const late = await deliver(item({ tries: 1, now: 25 * HOUR }), failed);
    expect([late.outcome, late.log]).toEqual([{ kind: 'given-up', reason: 'HTTP 500' }, ['done']]);
    expect((await deliver(item({ tries: 1, now: 25 * HOUR }), { kind: 'taken' })).outcome.kind).toBe('told');
  });

  it('drops what nobody waits for: a decided gate is not remembered, an endpoint that is gone not told', async () => {
    const reminder = { stream: 'hook#reminder', gateState: 'approved' };
    const { outcome, sent } = await deliver(item(reminder, { type: 'gate.reminder' }), { kind: 'taken' });
    expect([outcome, sent]).toEqual([{ kind: 'dropped' }, []]);
    const open = await deliver(item({ stream: 'hook#reminder' }, { type: 'gate.reminder' }), { kind: 'taken' });
    expect([open.outcome.kind, open.sent[0]?.endpoint]).toEqual(['told', 'hook']);
    expect((await deliver(item(), { kind: 'unknown' })).outcome).toEqual({ kind: 'dropped' });
  });

  it.each<unknown>([
    null,
    7,
    { type: '\0' },
    { ...item().announcement, at: 9e15 },
    { ...item().announcement, gate: '\ud800' },
    { ...item().announcement, gateDigest: [[]] },
    { ...item().announcement, execution: [[]] },
  ])('sends nothing of a row that no program has written, and keeps no other waiting: %j', async (announcement) => {
    const { outcome, sent, log } = await deliver(item({ announcement } as never), { kind: 'taken' });
    expect([outcome, sent, log]).toEqual([{ kind: 'altered' }, [], ['done']]);
  });

  it('says ids, the gate digest and a link', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const link = 'https://runner.test/api/runs/run_1';
    const data = (overrides: Partial<Announcement>) =>
      JSON.parse(messageBody(item({}, overrides), 'https://runner.test'));
    expect(data({})).toEqual({
      type: 'gate.opened',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: {
        tenant: 'acme',
        runId: 'run_1',
        gateId: 'rollout[3]::approve',
        gateDigest: digest,
        link: `${link}/gates/rollout%5B3%5D%3A%3Aapprove`,
      },
    });
    expect(data({ type: 'step.attention', gate: null, step: 'pay', execution: 2 }).data).toEqual({
      tenant: 'acme',
      runId: 'run_1',
      stepId: 'pay',
      execution: 2,
      link: `${link}/steps/pay`,
    });
    const stopped = { type: 'schedule.stopped', scheduleId: 'sch_1', code: 'PLAN_HASH_MISMATCH' } as const;
    expect(JSON.parse(messageBody({ ...item(), announcement: stopped }, 'https://runner.test'))).toEqual({
      type: 'schedule.stopped',
      timestamp: '1970-01-01T00:00:00.000Z',
      data: { tenant: 'acme', scheduleId: 'sch_1', link: 'https://runner.test/api/schedules/sch_1' },
    });
    expect(data({ type: 'run.ended', gate: null }).data).toEqual({ tenant: 'acme', runId: 'run_1', link });
  });
});
