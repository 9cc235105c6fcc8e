import { sqlMigration } from './sql-migration';

/**
 * Several entries are appended to an audit chain together: the counter of the chain is locked and written once for all of them, not once for
 * each. `append_audit` appends one entry in the same way.
 *
 * A chain without a counter begins with number 1. If it has entries nevertheless, the first new one fails, because its number is taken.
 */
export const entriesTogether = sqlMigration(
  'EntriesTogether1764000001240',
  `
create function pack_runs.append_audits(tenant text, events text[]) returns bigint language plpgsql volatile as $$
declare
  at bigint := pack_runs.now_ms();
  counter pack_runs.audit_heads;
  last_seq bigint;
  hash bytea;
  hashes bytea[];
begin
  if coalesce(cardinality(events), 0) = 0 then
    return null;
  end if;
  select * into counter from pack_runs.audit_heads h where h.tenant_id = tenant for update;
  if not found then
    -- A concurrent caller may insert it first. Whoever does, it is then locked here.
    insert into pack_runs.audit_heads (tenant_id, seq, at_ms, head) values (tenant, 0, at, '') on conflict do nothing;
    select * into counter from pack_runs.audit_heads h where h.tenant_id = tenant for update;
  end if;
  at := greatest(counter.at_ms, at);
  hash := nullif(counter.head, '');
  hashes := array[hash];
  for i in 1 .. cardinality(events) loop
    hash := pack_runs.audit_hash(at, events[i], hash, counter.seq + i);
    hashes := hashes || hash;
  end loop;
  last_seq := counter.seq + cardinality(events);
  insert into pack_runs.audit (tenant_id, seq, at_ms, prev, hash, event)
  select tenant, counter.seq + s.i, at, hashes[s.i], hashes[s.i + 1], events[s.i]::json from generate_subscripts(events, 1) s (i);
  update pack_runs.audit_heads h set seq = last_seq, at_ms = at, prev = hashes[cardinality(events)], head = hash
  where h.tenant_id = tenant;
  return last_seq;
end $$;

create or replace function pack_runs.append_audit(tenant text, event text) returns bigint language sql volatile as $$
  select pack_runs.append_audits(tenant, array[event])
$$;
`,
);
