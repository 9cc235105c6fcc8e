import { sqlMigration } from '../sql-migration';

/**
 * A run counts as marked only with a mark that the product writes. A run that has not ended is halted, whatever its mark: somebody else may
 * have written it beforehand. A time without milliseconds is null instead of an error, so that one row does not take a list away. Workers
 * with a lease of more than a day, which nobody takes, are not shown.
 */
export const marksOfTheirOwn = sqlMigration(
  'MarksOfTheirOwn1764000001060',
  `
create function pack_runs.mark_in(altered json) returns json language sql immutable as $$
  select case when json_typeof(altered) = 'object' then
    case when altered->>'code' = 'DOCUMENT_ALTERED' and json_typeof(altered->'message') = 'string' then altered end
  end
$$;

create function pack_runs.epoch_ms(at timestamptz) returns bigint language sql immutable as $$
  select case when isfinite(at) then (extract(epoch from at) * 1000)::bigint end
$$;

create or replace function pack_runs.mark_altered(tenant text, run uuid, finding json) returns setof boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return;
  end if;
  -- Run, counter of the audit chain, concurrency group: in the order of everybody who halts a run.
  perform from pack_runs.runs r where r.tenant_id = tenant and r.run_id = run for update;
  perform from pack_runs.audit_heads h where h.tenant_id = tenant for update;
  return query update pack_runs.runs r set altered = finding, version = r.version + 1,
    owner = case when ended.already then r.owner end,
    due_at = case when ended.already then r.due_at end,
    in_line = case when ended.already then r.in_line else false end,
    fence = case when ended.already then r.fence else r.fence + 1 end,
    status = case when ended.already then r.status else 'halted' end,
    evidence_status = case when ended.already then r.evidence_status else 'refused' end,
    waits = case when ended.already then r.waits else '[]' end,
    error = case when ended.already then r.error else finding end
  from (
    select e.tenant_id, e.run_id, e.status in ('succeeded', 'failed', 'cancelled', 'halted') as already
    from pack_runs.runs e where e.tenant_id = tenant and e.run_id = run
  ) ended
  where r.tenant_id = ended.tenant_id and r.run_id = ended.run_id
    and (not ended.already or pack_runs.mark_in(r.altered) is null)
  returning true;
end $$;

create or replace function pack_runs.fleet(after uuid, most integer)
returns table (worker_id uuid, name text, version text, build text, isolation text, environments bytea[], labels text[], slots integer,
  since_ms bigint, renewed_ms bigint, lease_until_ms bigint, probe text, probe_document text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select w.worker_id, w.name, w.version, w.build, w.isolation, w.environments, w.labels, w.slots,
    -- The time in a UUID of version 7.
    ('x' || left(replace(w.worker_id::text, '-', ''), 12))::bit(48)::bigint,
    floor(extract(epoch from w.renewed_at) * 1000)::bigint, floor(extract(epoch from w.lease_until) * 1000)::bigint,
    w.probe, (select p.document from pack_runs.probe_documents p where 'sha256:' || encode(p.digest, 'hex') = w.probe)
  from pack_runs.workers w
  where w.state = 'live' and w.lease_until > clock_timestamp() and w.lease_until < clock_timestamp() + interval '1 day'
    and isfinite(w.renewed_at) and (fleet.after is null or w.worker_id > fleet.after)
  order by w.worker_id limit fleet.most
$$;
`,
);
