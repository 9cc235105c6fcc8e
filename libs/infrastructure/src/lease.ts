// A separate entry point: the thread that renews a worker's lease needs nothing else, and the rest would take 20 MiB in it.
import './lib/postgres/connection/navigator';

export { openLeaseDatabase, type LeaseDatabase } from './lib/postgres/workers/lease-database';
