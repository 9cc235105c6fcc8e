import { compareVersions } from './pack-reference';
import type { Pack } from './model/pack';
import type { Reading } from './reading/reading';

/** The release of this runner, compared with `metadata.minRunnerVersion`. */
export const RUNNER_VERSION = '0.1.0';

/** A pack that needs a newer runner is refused, because this runner may not know its meaning. */
export function checkRunner({ metadata: { minRunnerVersion } }: Pack, reading: Reading): void {
  if (minRunnerVersion === null || minRunnerVersion === '') return;
  if (compareVersions(minRunnerVersion, RUNNER_VERSION) <= 0) return;
  const message = `The pack requires runner ${minRunnerVersion}; this is ${RUNNER_VERSION}.`;
  reading.fault('PACK_RUNNER_TOO_OLD', '/metadata/minRunnerVersion', message);
}
