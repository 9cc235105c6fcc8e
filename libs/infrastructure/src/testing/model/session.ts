import type { Tables } from './rows';
import type { Transaction } from './transaction';

/** Rules that can be disabled, to show that a test detects their absence. */
export type PlantedBug =
  | 'arms-do-not-join'
  | 'the-outbox-does-not-join'
  | 'zombies-commit'
  | 'positions-are-not-compared'
  | 'parks-over-letters'
  | 'steps-keep-their-first-status'
  | 'chunks-lose-a-line'
  | 'readers-skip-a-line'
  | 'decisions-do-not-look-at-the-run'
  | 'gates-are-locked-before-runs'
  | 'quorum-is-read-from-the-snapshot'
  | 'standings-do-not-know-the-head'
  | 'sweeps-without-being-steady'
  | 'leases-end-early'
  | 'sweeps-condemn'
  | 'claims-ignore-tenants'
  | 'claims-keep-the-fence'
  | 'assignments-keep-their-fence'
  | 'executions-begin-after-revocation'
  | 'lent-reports-without-fence'
  | 'swept-assignments-are-not-freed';

/** State of a statement during its execution. */
export interface Session {
  readonly tx: Transaction;
  readonly tables: Tables;
  readonly bugs: ReadonlySet<PlantedBug>;
  /** `clock_timestamp()`: milliseconds. */
  readonly clock: () => number;
  /** UUIDv7 of a time. */
  readonly uuid: (at: number) => string;
  /** The next number in place of an id that no statement reads. */
  readonly number: () => number;
}
