/**
 * Settings of a server with one process as its client: little memory and few processes. Durability is PostgreSQL's default (`fsync`,
 * `synchronous_commit` and `full_page_writes` are on): an acknowledged commit survives a kill of every process and a loss of power.
 */
export function settingsOfOneProcess(connections: number): (major: number) => Readonly<Record<string, string>> {
  return (major) => ({
    max_connections: String(connections),
    // The passwords are random: they need no work against guessing, which every new connection would have to do.
    ...(major >= 16 ? { scram_iterations: '1' } : {}),
    shared_buffers: '32MB',
    // No replica and no parallel query: their processes and their records in the log are not needed.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_parallel_workers_per_gather: '0',
    max_parallel_maintenance_workers: '0',
    max_worker_processes: '1',
    max_logical_replication_workers: '0',
    autovacuum_max_workers: '1',
    min_wal_size: '32MB',
    max_wal_size: '256MB',
    // From release 18 on, reads have worker processes by default.
    ...(major >= 18 ? { io_method: 'sync' } : {}),
  });
}
