import { sqlMigration } from '../sql-migration';

/**
 * Schemas, time and ids. UUIDv7 (RFC 9562 §5.7) is made from the database's clock: 48 bits of milliseconds, then random;
 * written in SQL, since PostgreSQL has its own from 18 on.
 */
export const identifiers = sqlMigration(
  'Identifiers1764000000001',
  `
create schema if not exists pack_runs;
create schema if not exists pack_run_logs;
create schema if not exists pack_artifacts;

create function pack_runs.now_ms() returns bigint language sql volatile as $$
  select floor(extract(epoch from clock_timestamp()) * 1000)::bigint
$$;

create function pack_runs.from_ms(ms bigint) returns timestamptz language sql immutable as $$
  select to_timestamp(ms / 1000.0)
$$;

create function pack_runs.uuidv7(ms bigint default pack_runs.now_ms()) returns uuid language sql volatile as $$
  select encode(
    set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send(ms) from 3) from 1 for 6), 52, 1), 53, 1),
    'hex')::uuid
$$;

create function pack_runs.set_tenant(tenant text) returns void language sql volatile as $$
  select set_config('taskrunner.tenant', tenant, true)
$$;
`,
);
