import { toRunId, toScheduleId } from '@taskrunner/core/foundation';
import type { Digest, JsonObject, TenantId } from '@taskrunner/core/foundation';
import type { DueSchedule } from '@taskrunner/core/ports';
import type {
  CatchUp,
  Overlap,
  Party,
  Schedule,
  ScheduleSource,
  ScheduleSummary,
  StopNotice,
  StoredTick,
  TickRecord,
} from '@taskrunner/core/schedule';

export interface ScheduleRow {
  readonly tenant_id: string;
  readonly schedule_id: string;
  readonly name: string;
  readonly revision: number;
  readonly cron: string;
  readonly time_zone: string;
  readonly overlap: Overlap;
  readonly catch_up: CatchUp;
  readonly catch_up_window_ms: number;
  readonly until_ms: number | null;
  readonly pack: Schedule['pack'];
  readonly plan_hash: string;
  readonly profile_digest: string;
  readonly labels: Record<string, string>;
  readonly creator: Party;
  readonly editor: Party;
  readonly author: Party;
  readonly paused: boolean;
  readonly stopped: StopNotice | null;
  readonly next_ms: number | null;
  readonly created_ms: number;
  readonly updated_ms: number;
  readonly record: JsonObject | null;
}

export interface WholeScheduleRow extends ScheduleRow {
  readonly source: ScheduleSource;
  readonly inputs: JsonObject;
  readonly now_ms: number;
  readonly active: readonly { readonly runId: string; readonly admission: JsonObject | null }[];
}

export interface TickRow {
  readonly tick_ms: number;
  readonly last_ms: number;
  readonly count: number;
  readonly outcome: TickRecord['outcome'];
  readonly reason: string | null;
  readonly run_id: string | null;
  readonly decided_ms: number;
  readonly admission: JsonObject | null;
}

export function toSummary(row: ScheduleRow): ScheduleSummary {
  return {
    tenant: row.tenant_id as TenantId,
    scheduleId: toScheduleId(row.schedule_id),
    name: row.name,
    revision: row.revision,
    timing: {
      cron: row.cron,
      timeZone: row.time_zone,
      overlap: row.overlap,
      catchUp: row.catch_up,
      catchUpWindowMs: row.catch_up_window_ms,
      until: row.until_ms,
    },
    pack: row.pack,
    pin: { planHash: row.plan_hash as Digest, profileDigest: row.profile_digest as Digest },
    labels: row.labels,
    creator: row.creator,
    editor: row.editor,
    author: row.author,
    paused: row.paused,
    stopped: row.stopped,
    next: row.next_ms,
    createdAt: row.created_ms,
    updatedAt: row.updated_ms,
    record: row.record,
  };
}

export function toDue(row: WholeScheduleRow): DueSchedule {
  const schedule: Schedule = { ...toSummary(row), source: row.source, inputs: row.inputs };
  const active = row.active.map(({ runId, admission }) => ({ runId: toRunId(runId), admission }));
  return { schedule, now: row.now_ms, active };
}

export function toTick(row: TickRow): StoredTick {
  return {
    first: row.tick_ms,
    last: row.last_ms,
    count: row.count,
    outcome: row.outcome,
    reason: row.reason,
    runId: row.run_id === null ? null : toRunId(row.run_id),
    at: row.decided_ms,
    admission: row.admission,
  };
}
