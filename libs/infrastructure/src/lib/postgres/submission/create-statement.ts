import type { TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { StatementArms, type NarrowedQuery } from '../encoding/statement-arms';
import { createValues } from '../encoding/create-values';

type CreatePart = 'keys' | 'details' | 'documents';

/** `accepted` of runs without keys: all of them, or those whose documents are there. */
function accepted(parts: ReadonlySet<string>): string {
  if (parts.has('documents')) return '  select * from given';
  // LIMIT makes the server look up each document by its key, whatever the statistics say.
  return `  select g.* from given g
  where (select true from pack_runs.plans p where p.tenant_id = $1 and p.plan_hash = pack_runs.digest_text(g.plan_bytes) limit 1)
    and (select true from pack_runs.profiles f
      where f.tenant_id = $1 and f.profile_digest = pack_runs.digest_text(g.profile_bytes) limit 1)`;
}

const CREATE = new StatementArms<CreatePart>(
  'create-runs',
  ['keys', 'details', 'documents'],
  {
    ...{ taken: ['keys'], accepted: ['keys'], plan: ['documents'], profile: ['documents'] },
    ...{ sensitive: ['details'], labels: ['details'] },
  },
  { accepted, plan: () => '  select null::text as plan_hash, null::text as manifest where false' },
);

/**
 * The statement that stores runs of a tenant, without the arms that have no rows for them.
 *
 * @param isStored true if their plans and profiles need not be sent, unless they have keys: a run that is not returned would have a key that
 *   is taken, or a document that is gone.
 */
export function createStatement(tenant: TenantId, runs: readonly NewRun[], isStored: boolean): NarrowedQuery<unknown> {
  const hasKeys = runs.some(({ idempotency }) => idempotency !== null);
  const has: Readonly<Record<CreatePart, boolean>> = {
    keys: hasKeys,
    details: runs.some(({ labels, sensitive }) => sensitive.length + Object.keys(labels).length > 0),
    documents: hasKeys || !isStored,
  };
  return CREATE.of((part) => has[part], runs.length === 1, createValues(tenant, runs, has.documents));
}
