import { pointerTo } from '../document/json-pointer';
import { isJsonArray, isJsonObject } from '../foundation/json';
import type { Faults } from './context/faults';
import type { PlannedStep } from './context/planned-step';
import type { Environment } from '../plan/profile';

/** Checks that steps which ingest bundles name roots of this environment. Skipped if the environment states none (offline planning). */
export function checkBundleRoots(steps: readonly PlannedStep[], { packTrust }: Environment, faults: Faults): void {
  const { bundleRoots = null } = packTrust;
  if (!isJsonObject(bundleRoots)) return;
  const known = Object.keys(bundleRoots);
  for (const { step } of steps) {
    if (step.body.kind !== 'run' || step.body.uses !== 'builtin:bundle.ingest') continue;
    const named = step.body.with['trust'] ?? null;
    if (!isJsonArray(named)) continue;
    named.forEach((id, index) => {
      if (typeof id !== 'string' || known.includes(id)) return;
      const remediation = faults.guess(id, known, `Known values: ${known.join(', ') || 'none'}.`);
      const at = pointerTo(pointerTo(`${step.at}/run/with`, 'trust'), index);
      faults.add('BUNDLE_TRUST_UNKNOWN', at, `The root ${id} is not configured.`, { remediation });
    });
  }
}
