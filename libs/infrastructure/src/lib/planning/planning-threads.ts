import { join } from 'node:path';
import type { Json } from '@taskrunner/core/foundation';
import { weighsLess, type PlanningContext, type PlanningWork } from '@taskrunner/core/operations';
import type { PlanningLimits } from '@taskrunner/core/ports';
import { busy, starved, tookTooLong, tookTooMuch, unavailable } from './planning-limits';
import type { EngineName, Question, ThreadContext } from './thread-protocol';
import { WorkThreads } from './work-threads';

/** Maximum characters of a manifest, and maximum weight of all that is sent (`weighsLess`), of a task that is sent with others. A plan of 80 small steps (8 767 characters) takes 5 ms, and less if the pack was read before. */
const SHORT_MANIFEST = 8 * 1024;
const SHORT = 256;

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
        isShort,
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

function isShort({ kind, asked }: Question): boolean {
  if (kind !== 'plan' && kind !== 'replan') return false;
  const { manifest, files } =
    kind === 'plan' ? (asked as PlanningWork['plan']['asked']).source : (asked as PlanningWork['replan']['asked']);
  return files.length === 0 && manifest.length <= SHORT_MANIFEST && weighsLess(asked as Json, SHORT);
}

function withoutEngines(setting: NonNullable<PlanningContext['setting']>): NonNullable<ThreadContext['setting']> {
  const { policyEngines: _functions, ...configuration } = setting.configuration;
  return { ...setting, configuration };
}

function engineName(name: string): EngineName {
  if (name !== 'cedar') throw new TypeError(`planning threads know no policy engine ${name}`);
  return name;
}
