import { decodeEnvelope, type AdmissionRecord } from '@taskrunner/core/evidence';
import { forecastRuns, type Forecast } from '@taskrunner/core/operations';
import { BUILTIN_EXECUTORS } from '@taskrunner/core/plan';
import type { WorkerMeans } from '@taskrunner/core/publisher';
import {
  isolationOf,
  loadPackTrust,
  workerMeansOf,
  type Configuration,
} from '@taskrunner/infrastructure/configuration';
import { visitActiveRuns, type ActiveKind } from '@taskrunner/infrastructure/postgres';
import { safeLine } from '../terminal/safe-text';
import { inRole } from './database/database-settings';

/** What a worker with a given configuration would do with the active runs. */
export interface RunForecast {
  readonly continue: number;
  readonly stop: readonly { readonly code: string; readonly runs: number; readonly detail: string }[];
  /** `parts`: what such a worker lacks. */
  readonly wait: readonly { readonly parts: string; readonly runs: number; readonly detail: string }[];
  /** Runs whose documents cannot be read. Their worker reports the fault. */
  readonly unreadable: number;
}

/** Queries the database of the configuration in the role `maintain`. Changes nothing. */
export async function forecastOf(configuration: Configuration): Promise<RunForecast> {
  const means = await meansOf(configuration);
  const counts = { continues: 0, unreadable: 0 };
  const stop = new Map<string, { code: string; runs: number; detail: string }>();
  const wait = new Map<string, { parts: string; runs: number; detail: string }>();
  const count = (kind: ActiveKind): void => {
    const forecast = forecastOfKind(kind, means);
    if (forecast === null) counts.unreadable += kind.runs;
    else if (forecast.kind === 'continues') counts.continues += kind.runs;
    else if (forecast.kind === 'stops') {
      const { code, detail } = forecast;
      stop.set(code, { code, detail, runs: (stop.get(code)?.runs ?? 0) + kind.runs });
    } else {
      const { parts, detail } = forecast;
      wait.set(parts, { parts, detail, runs: (wait.get(parts)?.runs ?? 0) + kind.runs });
    }
  };
  await inRole('maintain', configuration, (url) => visitActiveRuns(url, count));
  return {
    continue: counts.continues,
    stop: [...stop.values()],
    wait: [...wait.values()],
    unreadable: counts.unreadable,
  };
}

/** As text for people. */
export function forecastLines({ continue: going, stop, wait, unreadable }: RunForecast): readonly string[] {
  const sum = (some: readonly { readonly runs: number }[]) => some.reduce((all, { runs }) => all + runs, 0);
  return [
    `active runs: ${going + sum(stop) + sum(wait) + unreadable}`,
    `  would continue: ${going}`,
    ...stop.map(({ code, runs, detail }) => `  would end with ${code}: ${runs} (for example: ${detail})`),
    ...wait.map(({ parts, runs, detail }) => `  would wait for ${parts}: ${runs} (for example: ${detail})`),
    ...(unreadable > 0 ? [`  cannot be read: ${unreadable}`] : []),
  ].map(safeLine);
}

/** Signatures are not verified: workers do that, and this forecast decides nothing. Null: the documents are invalid. */
function forecastOfKind(kind: ActiveKind, means: WorkerMeans): Forecast | null {
  try {
    const { payload } = decodeEnvelope(kind.admission);
    return forecastRuns(kind, JSON.parse(Buffer.from(payload).toString('utf8')) as AdmissionRecord, means);
  } catch {
    return null;
  }
}

/** The capabilities of a worker whose sandbox holds. Every run was admitted before it read its configuration. */
async function meansOf(configuration: Configuration): Promise<WorkerMeans> {
  const packTrust = await loadPackTrust(configuration);
  // `auto` is resolved where a worker starts.
  const isolation = isolationOf(configuration) ?? 'bwrap-open/v2';
  const build = { isolation, executors: BUILTIN_EXECUTORS, packTrust };
  return workerMeansOf(configuration, build, { isolations: null, configuredAt: Infinity });
}
