import type { RunProjection } from '../../binding/run-projection';
import type { StepId, TenantId } from '../../foundation/ids';
import { isJsonObject } from '../../foundation/json';
import type { Unnumbered } from '../../journal/page';
import { nodeAt, type PlanIndex } from '../../plan/plan-index';
import type { Announcement, AnnouncementType } from '../../ports/runs/announcements';
import type { OutboxEntry } from '../../ports/runs/committer';
import type { Approver } from '../../gate/approvers';

/** Recipients of announcements about runs. */
export interface Announcing {
  /** The endpoints of a tenant, with the event types to which each subscribes. */
  streams(tenant: TenantId): readonly { readonly id: string; readonly types: readonly AnnouncementType[] }[];
  /** All configured approvers; null if none are configured. */
  readonly people: readonly Approver[] | null;
}

/** The note on a gate that too few of the configured approvers may decide. */
export const UNSATISFIABLE = 'GATE_UNSATISFIABLE';

/** Stream positions per journal entry. The types of one entry follow each other; a reminder is outside of their order. */
const PLACES_PER_ENTRY = 4;

/** Outbox rows for a page: one for each event and endpoint, in the order of the journal. */
export function announcementsOf(of: {
  readonly announcing: Announcing;
  readonly index: PlanIndex;
  readonly results: RunProjection;
  readonly tenant: TenantId;
  readonly entries: readonly Unnumbered[];
  /** Number of the first entry. */
  readonly first: number;
}): readonly OutboxEntry[] {
  const streams = of.announcing.streams(of.tenant);
  if (streams.length === 0) return [];
  return of.entries.flatMap((entry, index) => {
    const place = (of.first + index) * PLACES_PER_ENTRY;
    const announced = announcements(of.index, of.results, entry);
    const ordered = announced.flatMap((body, turn) =>
      streams
        .filter(({ types }) => types.includes(body.type))
        .map(({ id }): OutboxEntry => ({ kind: 'announce', body, stream: id, place: place + turn, dueAt: null })),
    );
    return [...ordered, ...reminders(of.announcing, streams, entry, announced[0], place)];
  });
}

function announcements(index: PlanIndex, results: RunProjection, { at, event }: Unnumbered): readonly Announcement[] {
  const gateAnnouncement = (gate: StepId, ...types: readonly Announcement['type'][]): readonly Announcement[] => {
    const gateDigest = results.get(gate)?.gate?.gateDigest ?? null;
    return types.map((type) => ({ type, at, gate, gateDigest, step: null, execution: null }));
  };
  switch (event.type) {
    case 'run.started':
    case 'run.ended':
      return [{ type: event.type, at, gate: null, gateDigest: null, step: null, execution: null }];
    case 'gate.opened':
      return gateAnnouncement(
        event.step,
        event.type,
        asksPolicy(index, event.step) ? 'pack.policy.hold' : 'pack.approval.requested',
      );
    case 'gate.counted':
      return gateAnnouncement(
        event.step,
        event.type,
        ...(asksPolicy(index, event.step) ? [] : (['pack.approval.updated'] as const)),
      );
    case 'gate.ended': {
      if (!asksPolicy(index, event.step)) return gateAnnouncement(event.step, event.type, 'pack.approval.updated');
      return gateAnnouncement(
        event.step,
        event.type,
        ...(event.outcome === 'approved' ? (['pack.policy.released'] as const) : []),
      );
    }
    case 'step.attention': {
      const { step, execution } = event;
      return [{ type: event.type, at, gate: null, gateDigest: null, step, execution }];
    }
    case 'note': {
      const gate = event.code === UNSATISFIABLE && isJsonObject(event.detail) ? event.detail['gate'] : null;
      return typeof gate === 'string' ? gateAnnouncement(gate as StepId, 'gate.unsatisfiable') : [];
    }
    default:
      return [];
  }
}

/** Without configured approvers, a reminder is sent after half of a gate's time (docs/guides/approvals.md, When nobody can decide). */
function reminders(
  { people }: Announcing,
  streams: ReturnType<Announcing['streams']>,
  { at, event }: Unnumbered,
  opened: Announcement | undefined,
  place: number,
): readonly OutboxEntry[] {
  if (people !== null || event.type !== 'gate.opened' || !opened) return [];
  const body: Announcement = { ...opened, type: 'gate.reminder' };
  const dueAt = at + Math.floor((event.expiresAt - at) / 2);
  return streams
    .filter(({ types }) => types.includes('gate.reminder'))
    .map(({ id }) => ({ kind: 'announce', body, stream: `${id}#reminder`, place, dueAt }));
}

function asksPolicy(index: PlanIndex, gate: StepId): boolean {
  const { node } = nodeAt(index, gate);
  return node.kind === 'gate' && node.policy !== null;
}
