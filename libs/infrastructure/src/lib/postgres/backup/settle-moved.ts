import type { Client } from 'pg';
import { activeRuns, endSessions, writeAudit, type Origin, type Settled } from './settle-restored';

/**
 * Settles rows of an installation that was stopped and never starts again. It is as after a restart: all runs continue, positions of the feed
 * of events stay, and due ticks follow the rule of their schedule. A step with `effects: once` that was in progress asks for attention, as
 * after every lost worker.
 */
export async function settleMoved(client: Client, { backup, takenAt }: Origin): Promise<Settled> {
  await endSessions(client);
  const unaudited = await writeAudit(client, () => ({ type: 'database.imported', backup, takenAt }));
  return { standing: [], goingOn: await activeRuns(client), skipped: 0, stoppedSchedules: [], unaudited };
}
