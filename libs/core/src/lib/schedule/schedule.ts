import type { Digest, RunId, ScheduleId, TenantId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { Actor } from '../foundation/principal';
import type { Timing } from './timing';

/** People and programs that created or changed a schedule: the caller first, then every actor in the token. */
export interface Party {
  /** For people to read. */
  readonly name: string;
  readonly actors: readonly Actor[];
}

/** Source of a schedule's pack. A registry reference would be another member of this union. */
export type ScheduleSource = {
  readonly kind: 'inline';
  readonly manifest: string;
  /** False if an object was given instead of a text. */
  readonly hasLines: boolean;
  /** The bytes are in the object store. */
  readonly files: readonly {
    readonly path: string;
    readonly digest: Digest;
    readonly size: number;
    readonly executable: boolean;
  }[];
};

/** The plan that a run of the schedule must have. Otherwise it does not run. */
export interface Pin {
  readonly planHash: Digest;
  readonly profileDigest: Digest;
}

/** Why a schedule stopped itself: what it would run differs from what was confirmed. */
export interface StopNotice {
  /** The refusal: `PLAN_HASH_MISMATCH`, `PROFILE_MISMATCH`, `PLAN_INVALID` … */
  readonly code: string;
  readonly message: string;
  /** The tick that detected it, milliseconds since the epoch. */
  readonly tick: number;
  /** The current values; null if the pack cannot be planned. */
  readonly found: Pin | null;
  readonly at: number;
}

/** A schedule as it is kept, without its pack and inputs. Times are milliseconds since the epoch. */
export interface ScheduleSummary {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  readonly name: string;
  /** Number of edits, from 1. */
  readonly revision: number;
  readonly timing: Timing;
  readonly pack: { readonly name: string; readonly version: string; readonly contentDigest: Digest };
  readonly pin: Pin;
  readonly labels: Readonly<Record<string, string>>;
  readonly creator: Party;
  /** Who edited it last. */
  readonly editor: Party;
  /** Who last determined what runs: pack, inputs, or the acceptance of a changed plan. */
  readonly author: Party;
  readonly paused: boolean;
  readonly stopped: StopNotice | null;
  /** The next tick; null if there is none. */
  readonly next: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Envelope of the signed record as it is stored; null: made before there were records, so nobody signed it. */
  readonly record: JsonObject | null;
}

/** A schedule with everything that its ticks need. */
export interface Schedule extends ScheduleSummary {
  readonly source: ScheduleSource;
  readonly inputs: JsonObject;
}

/** One line of a schedule's history: a tick that ran, or ticks that did not. */
export interface TickRecord {
  /** The first tick of the line. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly outcome: 'ran' | 'skipped' | 'stopped';
  /** A `SkipReason`, or the code of the stop; null if it ran. */
  readonly reason: string | null;
  readonly runId: RunId | null;
  readonly at: number;
}

/** A run that a line of the history names, and what can show that it is the schedule's. */
export interface TickRun {
  readonly runId: RunId;
  /** Envelope of its admission as it is stored; null: the run is not there any more. Nothing was compared. */
  readonly admission: JsonObject | null;
}

/** A line as it is stored. Nothing was compared. */
export interface StoredTick extends TickRecord {
  readonly admission: TickRun['admission'];
}

/** Everyone behind a run of the schedule, without duplicates, the creator first. None of them may decide its gates. */
export function initiatorsOfSchedule({
  creator,
  editor,
  author,
}: Pick<ScheduleSummary, 'creator' | 'editor' | 'author'>): readonly Actor[] {
  const all = [creator, editor, author].flatMap(({ actors }) => actors);
  return all.filter((one, at) => all.findIndex(({ iss, sub }) => iss === one.iss && sub === one.sub) === at);
}
