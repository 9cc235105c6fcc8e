import { join } from 'node:path';
import type { PlanningContext, PlanningWork } from '@taskrunner/core/operations';
import type { PlanningLimits } from '@taskrunner/core/ports';
import { busy, starved, tookTooLong, tookTooMuch, unavailable } from './planning-limits';
import type { EngineName, ThreadContext } from './thread-protocol';
import { WorkThreads } from './work-threads';

/** Plans untrusted packs in warm threads. Rejects with `PlannerError`. */
export class PlanningThreads extends WorkThreads<PlanningWork> {
  /** Starts the threads without waiting for them. */
  constructor({ setting, policyEngines }: PlanningContext, limits: PlanningLimits) {
    const context: ThreadContext = {
      setting: setting && withoutEngines(setting),
      engines: Object.keys(policyEngines).map(engineName),
    };
    super(
      {
        name: 'planning thread',
        script: join(__dirname, 'planning-thread.js'),
        context,
        limits,
        tookTooLong: () => tookTooLong(limits),
        starved: () => starved(limits),
        tookTooMuch: () => tookTooMuch(limits),
        busy,
        unavailable,
      },
      true,
    );
  }
}

function withoutEngines(setting: NonNullable<PlanningContext['setting']>): NonNullable<ThreadContext['setting']> {
  const { policyEngines: _functions, ...configuration } = setting.configuration;
  return { ...setting, configuration };
}

function engineName(name: string): EngineName {
  if (name !== 'cedar') throw new TypeError(`planning threads know no policy engine ${name}`);
  return name;
}
