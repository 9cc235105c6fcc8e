import type { Client } from 'pg';
import type { Manifest } from './manifest';

interface Signed {
  readonly key: string;
  /** No webservice starts without it, whether or not it has signed a row yet. */
  readonly isNeeded: boolean;
  /** Yields envelopes as `envelope`. */
  readonly envelopes: string;
}

const SIGNED: readonly Signed[] = [
  { key: 'admission', isNeeded: true, envelopes: 'select admission as envelope from pack_runs.run_sources' },
  {
    key: 'ledger',
    isNeeded: true,
    envelopes: `select envelope from pack_runs.decisions union all select envelope from pack_runs.resolutions
      union all select envelope from pack_runs.releases`,
  },
  { key: 'checkpoint', isNeeded: false, envelopes: 'select envelope from pack_runs.audit_checkpoints' },
];

/**
 * Keys that a restored database needs beside it: public ids of those that have signed its rows, and the names of those that have none or have
 * signed none.
 */
export async function keysNeeded(client: Client): Promise<Manifest['keys']> {
  const keys: { key: string; ids: readonly string[] }[] = [];
  for (const { key, isNeeded, envelopes } of SIGNED) {
    const { rows } = await client.query<{ id: string }>(
      `select distinct s ->> 'keyid' as id from (${envelopes}) e, json_array_elements(e.envelope -> 'signatures') s
       where s ->> 'keyid' <> '' order by 1`,
    );
    if (isNeeded || rows.length > 0) keys.push({ key, ids: rows.map(({ id }) => id) });
  }
  keys.push({ key: 'journal-mac', ids: [] });
  const { rows } = await client.query<{ some: boolean }>(
    'select exists (select from pack_runs.sensitive_inputs) as some',
  );
  if (rows[0]?.some === true) keys.push({ key: 'sensitive-inputs', ids: [] });
  return keys;
}
