import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** What people outside are told about (docs/guides/webhooks.md): published types first, then our own. */
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

/** One thing to tell: ids and the gate digest, never a finding, an input or an output. */
export type Announcement = {
  readonly type: Exclude<AnnouncementType, 'schedule.stopped'>;
  /** Of the event, milliseconds since the epoch. */
  readonly at: number;
  /** Gate instance. */
  readonly gate: string | null;
  readonly gateDigest: Digest | null;
  /** Step instance, and its execution. */
  readonly step: string | null;
  readonly execution: number | null;
};

/** A schedule has stopped (docs/guides/webhooks.md): its announcement is another document, kept where a run's would be. */
export type ScheduleAnnouncement = { readonly type: 'schedule.stopped'; readonly scheduleId: string };

/** An announcement that is due for one endpoint. */
export interface DueAnnouncement {
  /** The same at every try: receivers tell doubles by it. */
  readonly id: string;
  readonly tenant: TenantId;
  /** Of a schedule's announcement this is the schedule. */
  readonly runId: RunId;
  /** The endpoint, and the order within the run that it belongs to. */
  readonly stream: string;
  readonly announcement: Announcement | ScheduleAnnouncement;
  /** Tries so far, this one included. */
  readonly tries: number;
  /** When it was first due, milliseconds since the epoch, database time; and the database's time now. */
  readonly since: number;
  readonly now: number;
  /** Where its gate stands; null if it is about none. */
  readonly gateState: string | null;
}

/** Announcements that follow from commits: each is told until it is acknowledged, of one stream one after the other. */
export abstract class Announcements {
  /** Gives announcements that name no endpoint to each of these that wants them. */
  abstract addressToEndpoints(
    endpoints: readonly {
      readonly tenant: string;
      readonly stream: string;
      readonly types: readonly AnnouncementType[];
    }[],
  ): Promise<void>;
  /**
   * Leases up to `limit` due announcements for `leaseMs`: of each run and stream only the first that is left, of each stream at
   * most `perStream`, of busy streams none.
   */
  abstract take(of: {
    readonly limit: number;
    readonly perStream: number;
    readonly busy: readonly string[];
    readonly leaseMs: number;
  }): Promise<readonly DueAnnouncement[]>;
  /** It was told, or is given up: the next of its stream may go. */
  abstract done(item: DueAnnouncement): Promise<void>;
  /** Tries again after a delay. */
  abstract postpone(item: DueAnnouncement, delayMs: number, reason: string): Promise<void>;
}
