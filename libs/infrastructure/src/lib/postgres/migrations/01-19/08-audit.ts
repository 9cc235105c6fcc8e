import { sqlMigration } from '../sql-migration';

/**
 * The audit chain of each tenant. `hash` is the SHA-256 of the RFC 8785 text of `{at, event, prev, seq}`. `event` keeps the text that was
 * hashed: its type is json, because jsonb would rewrite it. The chain can therefore be verified in SQL or from an export. The counter row
 * serializes the appends of a tenant.
 */
export const audit = sqlMigration(
  'Audit1764000000008',
  `
create table pack_runs.audit (
  tenant_id text collate "C" not null,
  seq bigint not null,
  at_ms bigint not null,
  prev bytea,
  hash bytea not null,
  event json not null,
  primary key (tenant_id, seq)
);

create table pack_runs.audit_heads (
  tenant_id text collate "C" primary key,
  seq bigint not null,
  at_ms bigint not null,
  prev bytea,
  head bytea not null
) with (fillfactor = 50);

create function pack_runs.audit_hash(at_ms bigint, event text, prev bytea, seq bigint) returns bytea language sql immutable as $$
  select sha256(convert_to(
    '{"at":' || at_ms || ',"event":' || event || ',"prev":' || coalesce('"sha256:' || encode(prev, 'hex') || '"', 'null')
      || ',"seq":' || seq || '}', 'UTF8'))
$$;

create function pack_runs.append_audit(tenant text, event text) returns bigint language sql volatile as $$
  with given as materialized (select pack_runs.now_ms() as at_ms),
  next as (
    insert into pack_runs.audit_heads as h (tenant_id, seq, at_ms, prev, head)
    select tenant, 1, given.at_ms, null, pack_runs.audit_hash(given.at_ms, event, null, 1) from given
    on conflict (tenant_id) do update set
      seq = h.seq + 1,
      at_ms = greatest(h.at_ms, excluded.at_ms),
      prev = h.head,
      head = pack_runs.audit_hash(greatest(h.at_ms, excluded.at_ms), event, h.head, h.seq + 1)
    returning h.seq, h.at_ms, h.prev, h.head
  )
  insert into pack_runs.audit (tenant_id, seq, at_ms, prev, hash, event)
  select tenant, next.seq, next.at_ms, next.prev, next.head, event::json from next
  returning seq
$$;
`,
);
