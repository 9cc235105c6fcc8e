import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { nodeOf } from '../../plan/place';
import { probeObjection, readProbe } from '../probe-document';
import { noteDetails, workersOf } from '../run-facts';
import { fail, type Case } from './case';
import { found, type Checker } from './check';

/**
 * The probe of each worker that drove the run, or executed steps of it, shows that the sandbox of the admitted environment holds there. A worker
 * whose probe does not show it started nothing.
 */
export const probesHold: Checker = (bundle) => {
  const { evidence, facts, environment } = bundle.documents();
  const named = new Set(workersOf(facts).map(({ probe }) => probe));
  const weak = new Map<Digest, string>();
  for (const [digest, text] of evidence.probes) {
    if (sha256(text) !== digest || !named.has(digest)) fail(`probe ${digest} is not one that a worker named`);
    const objection = probeObjection(readProbe(text), environment.isolation);
    if (objection !== null) weak.set(digest, objection);
  }
  for (const [digest, objection] of weak) if (hasStarted(bundle, digest)) fail(`probe ${digest}: ${objection}`);
  if (named.size === 0) return found('absent', 'no worker drove it');
  const missing = [...named].filter((digest) => !evidence.probes.has(digest));
  if (missing.length > 0) return found('signed', `${missing.length} of ${named.size} probes are not in the bundle`);
  return found('recomputed', `${named.size} probes show ${environment.isolation}`);
};

/** True if a worker with this probe started a step, or executed one from an assignment. */
function hasStarted(bundle: Case, probe: Digest): boolean {
  const { facts, index } = bundle.documents();
  if (noteDetails(facts, 'ASSIGNMENT_HELD').some((held) => held['probe'] === probe)) return true;
  let driver: Digest | null = null;
  for (const { event } of facts.entries) {
    if (event.type === 'run.claimed') driver = event.probe;
    else if (
      event.type === 'step.started' &&
      driver === probe &&
      index.nodes.get(nodeOf(event.step))?.node.kind === 'run'
    )
      return true;
  }
  return false;
}
