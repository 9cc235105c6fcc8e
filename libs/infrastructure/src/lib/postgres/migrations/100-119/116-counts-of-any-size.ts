import { sqlMigration } from '../sql-migration';

/**
 * The numbers of steps of a run take less than a kilobyte. A longer document is none of ours, and PostgreSQL matches no pattern against a text
 * of 256 MiB: an update of such a row failed, and with it the statements that free the runs of a dead worker.
 */
export const countsOfAnySize = sqlMigration(
  'CountsOfAnySize1764000001160',
  String.raw`
create or replace function pack_runs.counts_attention(counts json) returns boolean language sql immutable as $$
  select case when octet_length(counts::text) < 65536 then counts::text ~ '"needs_attention"\s*:\s*[1-9]' else false end
$$;
`,
);
