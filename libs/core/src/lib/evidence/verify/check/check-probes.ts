import { sha256 } from '../../../canonical/digest';
import type { Digest, StepId } from '../../../foundation/ids';
import { builtinNamed } from '../../../plan/builtin-executors';
import { nodeOf } from '../../../plan/place';
import { probeObjection, readProbe } from '../../records/probe-document';
import { noteDetails, workersOf } from '../../records/run-facts';
import { fail, type VerificationSession } from './verification-session';
import { found, type Checker } from './check';

/**
 * The probe of each worker that drove the run or executed its steps shows that the sandbox of the admitted environment holds there. A
 * worker whose probe does not show it executed nothing.
 */
export const probesHold: Checker = (bundle) => {
  const { evidence, facts, environment } = bundle.documents();
  const named = new Set(workersOf(facts).map(({ probe }) => probe));
  const weak = new Map<Digest, string>();
  for (const [digest, text] of evidence.probes) {
    if (sha256(text) !== digest || !named.has(digest)) fail(`no worker refers to probe ${digest}`);
    const objection = probeObjection(readProbe(text), environment.isolation);
    if (objection !== null) weak.set(digest, objection);
  }
  for (const [digest, objection] of weak) if (hasPerformed(bundle, digest)) fail(`probe ${digest}: ${objection}`);
  if (named.size === 0) return found('absent', 'no worker executed the run');
  const missing = [...named].filter((digest) => !evidence.probes.has(digest));
  if (missing.length > 0) return found('signed', `${missing.length} of ${named.size} probes are not in the bundle`);
  return found('recomputed', `${named.size} probes show ${environment.isolation}`);
};

/** True if the step needs the sandbox. Other steps start no program of the pack. */
function isSandboxed(uses: string): boolean {
  return builtinNamed(uses)?.sandboxed === true;
}

/**
 * True if a worker with this probe executed a step that needs the sandbox: the step succeeded, or something is recorded of its execution.
 * The run also journals the start of a step that its worker refuses to execute.
 */
function hasPerformed(bundle: VerificationSession, probe: Digest): boolean {
  const { facts, index } = bundle.documents();
  const borrowed = new Map<string, Digest>();
  for (const { assignment, probe: held } of noteDetails(facts, 'ASSIGNMENT_HELD'))
    borrowed.set(assignment as string, held as Digest);
  const performers = new Map<StepId, Digest>();
  let driver: Digest | null = null;
  for (const { event } of facts.entries) {
    switch (event.type) {
      case 'run.claimed':
        driver = event.probe;
        break;
      case 'step.started':
        if (driver !== null) performers.set(event.step, driver);
        break;
      case 'attempt.assigned': {
        const holder = borrowed.get(event.assignment);
        if (holder !== undefined) performers.set(event.step, holder);
        break;
      }
      case 'tool.resolved':
      case 'material.mounted':
      case 'log':
      case 'artifact.captured':
      case 'step.ended': {
        if (event.type === 'step.ended' && event.status !== 'succeeded') break;
        const node = index.nodes.get(nodeOf(event.step))?.node;
        if (node?.kind === 'run' && isSandboxed(node.uses) && performers.get(event.step) === probe) return true;
        break;
      }
      default:
        break;
    }
  }
  return false;
}
