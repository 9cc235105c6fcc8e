import type { JsonLog } from './json-log';
import type { Metrics } from './metrics';

/** Callbacks for a worker's database about other workers and the clock. */
export interface FleetWatch {
  readonly claimsWatch: {
    readonly onClaimed: (waitedMs: number) => void;
    readonly onWorkersLost: (workers: readonly { readonly id: string; readonly name: string }[]) => void;
    readonly onTakenOver: (runs: number) => void;
    readonly onHealed: (times: object) => void;
    readonly onGroupsPassedOn: (groups: number) => void;
  };
  readonly onClockStep: (stepMs: number) => void;
}

/** Counts lost workers, taken over runs and steps of the clock, and logs each once. */
export function watchFleet(metrics: Metrics, log: JsonLog): FleetWatch {
  for (const direction of ['ahead', 'back']) metrics.add('taskrunner_clock_steps_total', 0, { direction });
  return {
    claimsWatch: {
      onClaimed: (waitedMs) => metrics.record('taskrunner_claim_wait_seconds', waitedMs / 1_000),
      onWorkersLost: (workers) => {
        metrics.add('taskrunner_workers_lost_total', workers.length);
        for (const { id, name } of workers) log.say('warn', 'worker.lost', { worker: name, incarnation: id });
      },
      onTakenOver: (runs) => {
        metrics.add('taskrunner_runs_taken_over_total', runs);
        log.say('warn', 'runs.taken-over', { runs });
      },
      onHealed: (times) => log.say('warn', 'clock.healed', { ...times }),
      onGroupsPassedOn: (groups) => log.say('warn', 'groups.passed-on', { groups }),
    },
    onClockStep: (stepMs) => {
      metrics.add('taskrunner_clock_steps_total', 1, { direction: stepMs > 0 ? 'ahead' : 'back' });
      log.say('error', 'clock.stepped', { code: 'DATABASE_CLOCK_STEPPED', stepMs });
    },
  };
}
