/** A worker whose lease has expired. */
export interface LostWorker {
  readonly id: string;
  readonly name: string;
}

/** Times that were corrected after the clock of the database was set back: due times of runs, of the outbox, of deliveries, and leases. */
export interface HealedTimes {
  readonly runs: number;
  readonly items: number;
  readonly deliveries: number;
  readonly leases: number;
}

/** Callbacks for events about the runs of all workers. */
export interface ClaimsWatch {
  /** Called with the time that a run had been due when it was claimed, milliseconds. */
  readonly onClaimed?: (waitedMs: number) => void;
  /** Called with workers whose leases expired. Each is reported once, by the worker that detected it. */
  readonly onWorkersLost?: (workers: readonly LostWorker[]) => void;
  /** Called with the number of runs of dead workers that are due again. */
  readonly onTakenOver?: (runs: number) => void;
  readonly onHealed?: (times: HealedTimes) => void;
  /** Called with the number of concurrency groups whose row named no run that held them. */
  readonly onGroupsPassedOn?: (groups: number) => void;
}
