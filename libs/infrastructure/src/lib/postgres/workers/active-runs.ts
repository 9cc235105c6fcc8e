import type { Envelope } from '@taskrunner/core/evidence';
import { toRunId, type Digest, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { Client } from 'pg';
import { asRole } from '../connection/client-of-role';
import { statement } from '../connection/statement';

/** Active runs with the same admission documents, represented by one of them. */
export interface ActiveKind {
  readonly tenant: TenantId;
  /** The representing run. */
  readonly runId: RunId;
  readonly runs: number;
  readonly planHash: Digest;
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
  readonly admission: Envelope;
}

interface KindRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly plan_hash: string;
  readonly profile_digest: string;
  readonly runs: number;
}

const STATEMENT_MS = 300_000;

const documents = `
select p.plan, f.profile, f.environment, s.admission
from pack_runs.run_sources s
join pack_runs.plans p on p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash
join pack_runs.profiles f on f.tenant_id = s.tenant_id and f.profile_digest = s.profile_digest
where s.tenant_id = $1 and s.run_id = $2`;

/**
 * Lists all active runs, each kind once. Needs the role `maintain`; changes nothing.
 * @throws DatabaseError
 */
export function visitActiveRuns(maintainUrl: string, visit: (kind: ActiveKind) => void): Promise<void> {
  const config = { application_name: 'taskrunner config check', statement_timeout: STATEMENT_MS };
  return asRole({ url: maintainUrl, role: 'maintain' }, config, async (client) => {
    await client.query('begin isolation level repeatable read, read only');
    const { rows } = await client.query<KindRow>(statement('active-runs').text);
    for (const row of rows) visit(await kindOf(client, row));
    await client.query('commit');
  });
}

async function kindOf(client: Client, { tenant_id, run_id, plan_hash, runs }: KindRow): Promise<ActiveKind> {
  const { rows } = await client.query<Pick<ActiveKind, 'plan' | 'profile' | 'environment' | 'admission'>>(documents, [
    tenant_id,
    run_id,
  ]);
  const [found] = rows;
  if (!found) throw new TypeError('a run without documents');
  return { tenant: tenant_id as TenantId, runId: toRunId(run_id), runs, planHash: plan_hash as Digest, ...found };
}
