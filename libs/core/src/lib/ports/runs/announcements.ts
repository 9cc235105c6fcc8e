import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** Types of notifications (docs/guides/webhooks.md): published types first, then our own. */
export const ANNOUNCEMENT_TYPES = [
  'pack.approval.requested',
  'pack.approval.updated',
  'pack.policy.hold',
  'pack.policy.released',
  'run.started',
  'run.ended',
  'gate.opened',
  'gate.counted',
  'gate.ended',
  'gate.reminder',
  'gate.unsatisfiable',
  'step.attention',
  'schedule.stopped',
] as const;
export type AnnouncementType = (typeof ANNOUNCEMENT_TYPES)[number];

/** An announcement: ids and the gate digest, never a finding, an input or an output. */
export type Announcement = {
  readonly type: Exclude<AnnouncementType, 'schedule.stopped'>;
  /** Time of the event, milliseconds since the epoch. */
  readonly at: number;
  /** Gate instance. */
  readonly gate: string | null;
  readonly gateDigest: Digest | null;
  /** Step instance and its execution. */
  readonly step: string | null;
  readonly execution: number | null;
};

/** A schedule has stopped (docs/guides/webhooks.md). Its announcement is another document, with the schedule in place of the run. */
export type ScheduleAnnouncement = { readonly type: 'schedule.stopped'; readonly scheduleId: string };

/** An announcement that is due for one endpoint. */
export interface DueAnnouncement {
  /** The same for every try, so that receivers can recognise duplicates. */
  readonly id: string;
  readonly tenant: TenantId;
  /** For a schedule's announcement, the schedule. */
  readonly runId: RunId;
  /** The endpoint, and the stream within the run that determines the order. */
  readonly stream: string;
  readonly announcement: Announcement | ScheduleAnnouncement;
  /** Number of tries, including this one. */
  readonly tries: number;
  /** When it first became due, milliseconds since the epoch, database time; and the database's current time. */
  readonly since: number;
  readonly now: number;
  /** State of its gate; null if it is not about a gate. */
  readonly gateState: string | null;
}

/** Announcements that follow from commits. Each is sent until it is acknowledged; those of one stream are sent in order. */
export abstract class Announcements {
  /** Assigns announcements without an endpoint to each of these endpoints that subscribes to them. */
  abstract addressToEndpoints(
    endpoints: readonly {
      readonly tenant: string;
      readonly stream: string;
      readonly types: readonly AnnouncementType[];
    }[],
  ): Promise<void>;
  /**
   * Leases up to `limit` due announcements for `leaseMs`: of each run and stream only the first remaining one, at most `perStream` per
   * stream, and none of busy streams.
   */
  abstract take(of: {
    readonly limit: number;
    readonly perStream: number;
    readonly busy: readonly string[];
    readonly leaseMs: number;
  }): Promise<readonly DueAnnouncement[]>;
  /** The announcement was delivered or is given up: the next one of its stream may be sent. */
  abstract done(item: DueAnnouncement): Promise<void>;
  /** Tries again after a delay. */
  abstract postpone(item: DueAnnouncement, delayMs: number, reason: string): Promise<void>;
}
