import { isScheduleId } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import type { Client } from './client';
import { listAll } from './run-api';

/** A schedule in the API's form, with the members that this client uses. */
export interface ScheduleView {
  readonly scheduleId: string;
  readonly name: string;
  readonly status: 'active' | 'paused' | 'stopped' | 'over';
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: string;
  readonly catchUp: string;
  readonly catchUpWindow: string;
  readonly until: string | null;
  readonly pack: { readonly name: string; readonly version: string };
  readonly planHash: string;
  readonly profileDigest: string;
  readonly creator: { readonly name: string };
  readonly editor: { readonly name: string };
  readonly stopped: {
    readonly code: string;
    readonly message: string;
    readonly tick: string;
    readonly found: { readonly planHash: string; readonly profileDigest: string } | null;
  } | null;
  readonly nextTick: string | null;
}

/** A line of its history. */
export interface TickView {
  readonly tick: string;
  readonly lastTick: string;
  readonly count: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly runId: string | null;
}

/** `/api/schedules/<schedule>`, with what follows. */
export function schedulePath(id: string, rest = ''): string {
  return `/api/schedules/${encodeURIComponent(id)}${rest}`;
}

/** The id of a schedule that is given by its id or name. Throws `CLI_USAGE` if none has that name. */
export async function scheduleId(client: Client, supplied: string): Promise<string> {
  if (isScheduleId(supplied)) return supplied;
  const all = await listAll<ScheduleView>(client, '/api/schedules', { limit: 200 });
  const found = all.find(({ name }) => name === supplied);
  if (found) return found.scheduleId;
  throw new CliError(
    'CLI_USAGE',
    `there is no schedule with the name ${supplied}`,
    'List schedules with `taskrunner schedule list`.',
  );
}

export async function getSchedule(client: Client, id: string): Promise<ScheduleView> {
  return (await client.ask<ScheduleView>(schedulePath(id))).body;
}

export async function editSchedule(client: Client, id: string, body: object): Promise<ScheduleView> {
  return (await client.ask<ScheduleView>(schedulePath(id), { method: 'PATCH', body })).body;
}
