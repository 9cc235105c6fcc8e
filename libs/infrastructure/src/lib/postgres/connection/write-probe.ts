import type { Pool, QueryResult } from 'pg';

/**
 * Makes the server write some hundred KB to the disk of its rows and remove them: a set that does not fit into its memory is stored in a
 * temporary file. It needs no rights and leaves nothing behind. The statements are one transaction, for which the setting is valid.
 */
const PROBE = `set local work_mem = '64kB';
select count(*) from generate_series(1, 20000);
select current_setting('transaction_read_only') = 'on' as read_only`;

/** Rejects if the server cannot write to the disk of its rows, or is read-only. */
export async function probeWriting(pool: Pool): Promise<void> {
  const answers = (await pool.query(PROBE)) as unknown as readonly QueryResult<{ read_only?: boolean }>[];
  if (answers.at(-1)?.rows[0]?.read_only !== false)
    throw Object.assign(new Error('the server is read-only'), { code: '25006' });
}
