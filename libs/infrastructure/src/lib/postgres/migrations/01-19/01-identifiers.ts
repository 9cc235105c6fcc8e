import { sqlMigration } from '../sql-migration';

/**
 * Schemas, and functions for time and identifiers. A UUIDv7 (RFC 9562 §5.7) consists of 48 bits of the database's clock in milliseconds and
 * random bits. It is written in SQL, because PostgreSQL has its own function only from release 18.
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
