import { sqlMigration } from './sql-migration';

/**
 * The manifest of each plan that was stored before migration 126, from one of its runs, so that later runs of the plan do not keep it
 * (ADR 112). A run whose manifest differs keeps its own. A plan whose runs have all been removed stays without one.
 *
 * All submissions are read once; nothing of them is written.
 */
export const manifestsOfPlans = sqlMigration(
  'ManifestsOfPlans1764000001290',
  `
-- In the order of a submission, which would otherwise wait for this in the other one.
lock table pack_runs.plans, pack_runs.submissions in access exclusive mode;
alter table pack_runs.plans no force row level security;
alter table pack_runs.submissions no force row level security;

-- The group is of keys, so that a manifest is read for each plan and not for each run.
update pack_runs.plans p set manifest = s.manifest
from (
  select tenant_id, coalesce(plan_hash, pack_runs.digest_text(plan_bytes)) as plan_hash, min(run_id::text)::uuid as run_id
  from pack_runs.submissions where manifest is not null
  group by 1, 2
) one
join pack_runs.submissions s on s.tenant_id = one.tenant_id and s.run_id = one.run_id
where p.manifest is null and p.tenant_id = one.tenant_id and p.plan_hash = one.plan_hash;

alter table pack_runs.plans force row level security;
alter table pack_runs.submissions force row level security;
`,
);
