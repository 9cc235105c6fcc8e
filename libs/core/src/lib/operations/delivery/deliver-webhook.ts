import type { Json } from '../../foundation/json';
import { isJsonObject } from '../../foundation/json';
import { ANNOUNCEMENT_TYPES, type Announcements, type DueAnnouncement } from '../../ports/runs/announcements';
import { isStoredTime } from '../../stored/stored-time';
import type { Messenger } from '../../ports/messenger';

/** Dependencies of the delivery of webhooks. */
export interface DeliverWebhookDependencies {
  readonly announcements: Announcements;
  readonly messenger: Messenger;
  /** The configured endpoints, with the event types to which each subscribes. */
  readonly endpoints: Parameters<Announcements['addressToEndpoints']>[0];
  /** External base URL of the API, without a trailing slash. */
  readonly publicUrl: string;
  /** Milliseconds: first pause, longest pause, and the total time of retries. */
  readonly retries: { readonly firstMs: number; readonly longestMs: number; readonly giveUpMs: number };
  /** A number from 0 to 1. It spreads the retries of many deliveries. */
  readonly random: () => number;
}

/** Outcome of one announcement that was due. */
type WebhookOutcome =
  | { readonly kind: 'told' }
  /** Nothing is sent: the reminder's gate is decided, or the endpoint is no longer configured. */
  | { readonly kind: 'dropped' }
  /** Nothing is sent: no program has written this row. */
  | { readonly kind: 'altered' }
  | { readonly kind: 'postponed'; readonly reason: string; readonly delayMs: number }
  | { readonly kind: 'given-up'; readonly reason: string };

/**
 * Delivers one announcement (docs/guides/webhooks.md). The delivery ends when the endpoint acknowledges it. Until then it is retried with
 * growing pauses, and later announcements of the same run to this endpoint wait. It is given up after the time of retries.
 */
export async function deliverWebhook(
  dependencies: DeliverWebhookDependencies,
  item: DueAnnouncement,
): Promise<WebhookOutcome> {
  const { announcements, messenger, retries } = dependencies;
  if (!isAnnouncement(item.announcement)) {
    await announcements.done(item);
    return { kind: 'altered' };
  }
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

/** True for a document of which a message can be made. */
function isAnnouncement(stored: Json): boolean {
  if (!isJsonObject(stored)) return false;
  const { type, at, scheduleId, gate, gateDigest = null, step, execution = null } = stored;
  if (type === 'schedule.stopped') return typeof scheduleId === 'string' && scheduleId.isWellFormed();
  const isName = (name: unknown) => name === null || (typeof name === 'string' && name.isWellFormed());
  const isNumber = execution === null || Number.isSafeInteger(execution);
  const isKnown = (ANNOUNCEMENT_TYPES as readonly unknown[]).includes(type);
  return isKnown && isStoredTime(at) && [gate, gateDigest, step].every(isName) && isNumber;
}

function messageId({ id }: DueAnnouncement): string {
  return `msg_${id.replaceAll('-', '')}`;
}

/** The body holds only ids, the gate digest and a link. Authorized readers fetch the rest from the API. */
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
