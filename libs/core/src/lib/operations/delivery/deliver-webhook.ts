import type { Json } from '../../foundation/json';
import type { Announcements, DueAnnouncement } from '../../ports/runs/announcements';
import type { Messenger } from '../../ports/messenger';

/** What telling acts with. */
export interface DeliverWebhookDependencies {
  readonly announcements: Announcements;
  readonly messenger: Messenger;
  /** Those that are configured, and what each wants to hear. */
  readonly endpoints: Parameters<Announcements['addressToEndpoints']>[0];
  /** Where the API is reached from outside, without a slash at its end. */
  readonly publicUrl: string;
  /** Milliseconds: the first pause, the longest, and how long it is tried at all. */
  readonly retries: { readonly firstMs: number; readonly longestMs: number; readonly giveUpMs: number };
  /** 0 to 1: spreads the tries of many. */
  readonly random: () => number;
}

/** What came of an announcement that was due. */
type WebhookOutcome =
  | { readonly kind: 'told' }
  /** Nobody is interested any more: a reminder of a gate that is decided, an endpoint that is not configured. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'postponed'; readonly reason: string; readonly delayMs: number }
  | { readonly kind: 'given-up'; readonly reason: string };

/**
 * Tells one announcement (docs/guides/webhooks.md). It is done when the endpoint acknowledges it; until then it is tried again with growing
 * pauses, and nothing later of its run goes to this endpoint. After the time of retries it is given up.
 */
export async function deliverWebhook(
  dependencies: DeliverWebhookDependencies,
  item: DueAnnouncement,
): Promise<WebhookOutcome> {
  const { announcements, messenger, retries } = dependencies;
  if (item.announcement.type === 'gate.reminder' && item.gateState !== 'open') {
    await announcements.done(item);
    return { kind: 'dropped' };
  }
  const [endpoint = ''] = item.stream.split('#');
  const sent = await messenger.send(endpoint, { id: messageId(item), body: messageBody(item, dependencies.publicUrl) });
  if (sent.kind !== 'failed') {
    await announcements.done(item);
    return { kind: sent.kind === 'taken' ? 'told' : 'dropped' };
  }
  const { reason } = sent;
  if (item.now - item.since >= retries.giveUpMs) {
    await announcements.done(item);
    return { kind: 'given-up', reason };
  }
  const step = Math.min(retries.longestMs, retries.firstMs * 2 ** Math.min(item.tries - 1, 30));
  const delayMs = Math.ceil(step * (0.5 + dependencies.random() / 2));
  await announcements.postpone(item, delayMs, reason);
  return { kind: 'postponed', reason, delayMs };
}

function messageId({ id }: DueAnnouncement): string {
  return `msg_${id.replaceAll('-', '')}`;
}

/** Ids, the gate digest and a link: who may read more asks for it there. */
export function messageBody(item: DueAnnouncement, publicUrl: string): string {
  const { tenant, runId, announcement, since } = item;
  if (announcement.type === 'schedule.stopped') {
    const { type, scheduleId } = announcement;
    const link = `${publicUrl}/api/schedules/${encodeURIComponent(scheduleId)}`;
    return JSON.stringify({ type, timestamp: new Date(since).toISOString(), data: { tenant, scheduleId, link } });
  }
  const { type, at, gate, gateDigest, step, execution } = announcement;
  const run = `${publicUrl}/api/runs/${runId}`;
  const about: Json =
    gate !== null
      ? { gateId: gate, gateDigest, link: `${run}/gates/${encodeURIComponent(gate)}` }
      : step !== null
        ? { stepId: step, execution, link: `${run}/steps/${encodeURIComponent(step)}` }
        : { link: run };
  return JSON.stringify({ type, timestamp: new Date(at).toISOString(), data: { tenant, runId, ...about } });
}
