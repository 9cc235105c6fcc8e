import { pointerTo } from '../document/json-pointer';
import type { Faults } from './context/faults';
import type { PlannedStep } from './context/planned-step';
import type { Environment } from '../plan/profile';

/**
 * Checks that steps which export evidence name destinations of this environment. Skipped if the environment states none (offline planning).
 * A bundle is signed as a whole, so `artifacts: false`, a bundle without its contents, would not be verifiable.
 */
export function checkExports(steps: readonly PlannedStep[], { destinations }: Environment, faults: Faults): void {
  for (const { step } of steps) {
    if (step.body.kind !== 'run' || step.body.uses !== 'builtin:evidence-export') continue;
    const { destination: id, artifacts } = step.body.with;
    const at = `${step.at}/run/with`;
    if (artifacts === false)
      faults.add(
        'EXPORT_ARTIFACTS_INSEPARABLE',
        pointerTo(at, 'artifacts'),
        'A bundle is signed as a whole. Artifacts in it cannot be omitted.',
      );
    // An expression was already reported.
    if (destinations === undefined || typeof id !== 'string' || id.includes('{{')) continue;
    if (Object.hasOwn(destinations, id)) continue;
    const known = Object.keys(destinations);
    const remediation = faults.guess(id, known, `Known values: ${known.join(', ') || 'none'}.`);
    faults.add('EXPORT_DESTINATION_UNKNOWN', pointerTo(at, 'destination'), `The destination ${id} is not configured.`, {
      remediation,
    });
  }
}
