import { canonical } from '@taskrunner/core/canonical';
import { runUuid, toRunId, type RunId, type TenantId } from '@taskrunner/core/foundation';
import { DatabaseError } from '../connection/database-error';
import { asMaintainer } from './session';
import { NOBODY } from './settle-restored';

/**
 * Resumes one run, or all runs of a tenant, that a restore has stopped. Each adds an entry to the tenant's audit chain. Needs the role
 * `maintain`.
 * @throws DatabaseError `DB_RUN_UNKNOWN` if no such run is stopped
 */
export async function resumeRuns(
  maintainUrl: string,
  { tenant, run, reason }: { readonly tenant: TenantId; readonly run: RunId | null; readonly reason: string },
): Promise<readonly RunId[]> {
  const resumed = await asMaintainer(maintainUrl, 'taskrunner resume', async (client) => {
    await client.query('begin');
    const { rows } = await client.query<{ run_id: string }>(
      `update pack_runs.runs set owner = null, version = pack_runs.next_version(version),
         due_at = case when in_line then null else now() end, due_set_at = clock_timestamp(),
         status = case when last_seq = 0 and not in_line then 'queued' else status end,
         waits = case when in_line
           then json_build_array(json_build_object('kind', 'concurrency', 'id', concurrency_group,
             'since', to_char(pack_runs.from_ms(created_ms) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'until', null)) else '[]' end
       where tenant_id = $1 and owner = $2 and ($3::uuid is null or run_id = $3) returning run_id`,
      [tenant, NOBODY, run === null ? null : runUuid(run)],
    );
    const runs = rows.map(({ run_id }) => run_id).sort();
    await client.query(
      'update pack_runs.assignments set owner = null where tenant_id = $1 and owner = $2 and run_id = any($3::uuid[])',
      [tenant, NOBODY, runs],
    );
    for (const runId of runs.map(toRunId))
      await client.query('select pack_runs.append_audit($1, $2)', [
        tenant,
        canonical({ type: 'run.resumed', runId, reason }),
      ]);
    await client.query('commit');
    return runs.map(toRunId);
  });
  if (resumed.length > 0) return resumed;
  throw new DatabaseError(
    'DB_RUN_UNKNOWN',
    run === null
      ? `no run of ${tenant} is stopped by a restore`
      : `${tenant} has no run ${run} that is stopped by a restore`,
    'Check the run id and the tenant.',
  );
}
