import type { Digest, RunId, ScheduleId, TenantId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { Actor } from '../foundation/principal';
import type { Timing } from './timing';

/** Somebody who made or changed a schedule: the caller first, then every actor in the token. */
export interface Party {
  /** For people to read. */
  readonly name: string;
  readonly actors: readonly Actor[];
}

/** Where the pack of a schedule comes from. A reference to a registry joins this union when there is one. */
export type ScheduleSource = {
  readonly kind: 'inline';
  readonly manifest: string;
  /** False if an object was given, not a text. */
  readonly hasLines: boolean;
  /** Bytes lie in the object store. */
  readonly files: readonly {
    readonly path: string;
    readonly digest: Digest;
    readonly size: number;
    readonly executable: boolean;
  }[];
};

/** What a run of the schedule must be planned to, or it does not run. */
export interface Pin {
  readonly planHash: Digest;
  readonly profileDigest: Digest;
}

/** Why a schedule stopped itself: what it would have to run is not what it was made for. */
export interface StopNotice {
  /** The refusal: `PLAN_HASH_MISMATCH`, `PROFILE_MISMATCH`, `PLAN_INVALID` … */
  readonly code: string;
  readonly message: string;
  /** The tick that found out, milliseconds since the epoch. */
  readonly tick: number;
  /** What it would be now; null if it cannot be planned. */
  readonly found: Pin | null;
  readonly at: number;
}

/** A schedule as it is kept, without its pack and inputs. Times are milliseconds since the epoch. */
export interface ScheduleSummary {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  readonly name: string;
  /** Counts its edits, from 1. */
  readonly revision: number;
  readonly timing: Timing;
  readonly pack: { readonly name: string; readonly version: string; readonly contentDigest: Digest };
  readonly pin: Pin;
  readonly labels: Readonly<Record<string, string>>;
  readonly creator: Party;
  /** Who edited it last. */
  readonly editor: Party;
  /** Who last said what runs: pack, inputs, or the acceptance of a changed plan. */
  readonly author: Party;
  readonly paused: boolean;
  readonly stopped: StopNotice | null;
  /** The next tick; null if there is none. */
  readonly next: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A schedule with all that its ticks need. */
export interface Schedule extends ScheduleSummary {
  readonly source: ScheduleSource;
  readonly inputs: JsonObject;
}

/** One line of a schedule's history: a tick that ran, or ticks that did not. */
export interface TickRecord {
  /** The first tick that it tells of. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly outcome: 'ran' | 'skipped' | 'stopped';
  /** A `SkipReason`, or the code of the stop; null if it ran. */
  readonly reason: string | null;
  readonly runId: RunId | null;
  readonly at: number;
}

/** Everybody behind a run of the schedule, once each, the creator first: none of them decides its gates. */
export function initiatorsOfSchedule({
  creator,
  editor,
  author,
}: Pick<ScheduleSummary, 'creator' | 'editor' | 'author'>): readonly Actor[] {
  const all = [creator, editor, author].flatMap(({ actors }) => actors);
  return all.filter((one, at) => all.findIndex(({ iss, sub }) => iss === one.iss && sub === one.sub) === at);
}
