import type { Client } from 'pg';
import { quoted } from './catalog';
import type { Manifest } from './manifest';

type Sequences = Manifest['sequences'];

/** Reads the states of the product's sequences, except the sequence of the list of migrations, which belongs to the migrating process. */
export async function readSequences(client: Client): Promise<Sequences> {
  const { rows } = await client.query<{ sequence: string }>(
    `select n.nspname || '.' || c.relname as sequence from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts')
       and not exists (select from pg_depend d where d.objid = c.oid and d.refobjid = to_regclass('pack_runs.migrations'))
     order by 1`,
  );
  const found: Sequences[number][] = [];
  for (const { sequence } of rows) {
    const state = await client.query<{ value: string; called: boolean }>(
      `select last_value::text as value, is_called as called from ${quoted(sequence)}`,
    );
    found.push(...state.rows.map((one) => ({ sequence, ...one })));
  }
  return found;
}

export async function setSequences(client: Client, sequences: Sequences): Promise<void> {
  for (const { sequence, value, called } of sequences)
    await client.query('select setval($1::regclass, $2::bigint, $3)', [quoted(sequence), value, called]);
}
