import { sqlMigration } from '../sql-migration';

/**
 * Identifiers of the keys with which rows are made, so that a process with another key can be distinguished from altered rows. The
 * identifier of a public key is its fingerprint; that of a secret key is derived from the key. Services write only through functions: the
 * webservice records the keys with which it signs and encrypts; workers record the one journal key and the public keys with which they
 * verify. There is one journal key and one key for sensitive inputs. Another key replaces it when no run needs the old one and no living
 * worker has it.
 */
export const keysInUse = sqlMigration(
  'KeysInUse1764000000970',
  `
create table pack_runs.keys (
  use text collate "C" not null check (use in ('admission', 'ledger', 'journal-mac', 'sensitive-inputs')),
  id text collate "C" not null,
  -- When a service that makes rows with it last began; the last one of a use is the one that rows are made with now. Null: workers have the
  -- public half, and no webservice has signed with it yet.
  recorded_ms bigint,
  primary key (use, id)
);

alter table pack_runs.keys enable row level security, force row level security;
create policy trusted on pack_runs.keys for select to taskrunner_web, taskrunner_worker, taskrunner_maintain using (true);
create policy kept on pack_runs.keys to taskrunner_owner using (true);
create policy kept on pack_runs.sensitive_inputs for select to taskrunner_owner using (true);
grant select on pack_runs.keys to taskrunner_web, taskrunner_worker, taskrunner_maintain;

-- Records the key, and yields true; or yields false: it is a new one, and the workers that live do not have its public half.
create function pack_runs.keep_signing_key(use text, id text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  last_ms bigint;
begin
  if keep_signing_key.use not in ('admission', 'ledger') then
    raise exception 'no key that signs' using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('taskrunner keys ' || keep_signing_key.use, 0));
  select max(k.recorded_ms) into last_ms from pack_runs.keys k where k.use = keep_signing_key.use;
  if last_ms is not null
    and not exists (select from pack_runs.keys k where k.use = keep_signing_key.use and k.id = keep_signing_key.id)
    and exists (select from pack_runs.workers w where w.state = 'live' and w.lease_until > clock_timestamp())
  then
    return false;
  end if;
  insert into pack_runs.keys as k values (keep_signing_key.use, keep_signing_key.id, greatest(pack_runs.now_ms(), last_ms + 1))
  on conflict on constraint keys_pkey do update set recorded_ms = excluded.recorded_ms;
  return true;
end $$;
revoke execute on function pack_runs.keep_signing_key(text, text) from public;
grant execute on function pack_runs.keep_signing_key(text, text) to taskrunner_web;

create function pack_runs.keep_public_keys(use text, ids text[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  insert into pack_runs.keys select keep_public_keys.use, i.id, null from unnest(keep_public_keys.ids) i (id)
  where keep_public_keys.use in ('admission', 'ledger')
  on conflict do nothing
$$;
revoke execute on function pack_runs.keep_public_keys(text, text[]) from public;
grant execute on function pack_runs.keep_public_keys(text, text[]) to taskrunner_worker;

-- Whether rows of runs that are not sealed need the one key of this use.
create function pack_runs.is_key_needed(use text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case is_key_needed.use
    when 'journal-mac' then exists (
      select from pack_runs.runs r join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
      where r.evidence_status not in ('sealed', 'refused') and (r.last_seq > 0 or s.rerun_of is not null))
    when 'sensitive-inputs' then exists (
      select from pack_runs.sensitive_inputs i join pack_runs.runs r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
      where r.evidence_status not in ('sealed', 'refused'))
    else false
  end
$$;
revoke execute on function pack_runs.is_key_needed(text) from public;
grant execute on function pack_runs.is_key_needed(text) to taskrunner_worker, taskrunner_maintain;

create function pack_runs.keep_only_key(use text, id text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  recorded text;
begin
  perform pg_advisory_xact_lock(hashtextextended('taskrunner keys ' || keep_only_key.use, 0));
  select k.id into recorded from pack_runs.keys k where k.use = keep_only_key.use;
  if recorded is not distinct from keep_only_key.id then
    return null;
  end if;
  if recorded is not null and (pack_runs.is_key_needed(keep_only_key.use) or exists (
    select from pack_runs.workers w where w.state = 'live' and w.lease_until > clock_timestamp())
  ) then
    return recorded;
  end if;
  delete from pack_runs.keys k where k.use = keep_only_key.use;
  if keep_only_key.id is not null then
    insert into pack_runs.keys values (keep_only_key.use, keep_only_key.id, pack_runs.now_ms());
  end if;
  return null;
end $$;
revoke execute on function pack_runs.keep_only_key(text, text) from public;

-- Records the key, and yields null; or yields the recorded one, which cannot be replaced now.
create function pack_runs.keep_journal_key(id text) returns text
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select pack_runs.keep_only_key('journal-mac', keep_journal_key.id)
$$;
revoke execute on function pack_runs.keep_journal_key(text) from public;
grant execute on function pack_runs.keep_journal_key(text) to taskrunner_worker;

create function pack_runs.keep_sensitive_key(id text) returns text
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select pack_runs.keep_only_key('sensitive-inputs', keep_sensitive_key.id)
$$;
revoke execute on function pack_runs.keep_sensitive_key(text) from public;
grant execute on function pack_runs.keep_sensitive_key(text) to taskrunner_web;
`,
);
