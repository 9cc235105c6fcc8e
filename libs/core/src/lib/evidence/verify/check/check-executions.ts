import type { StepId } from '../../../foundation/ids';
import { nodeOf } from '../../../plan/place';
import type { EvidenceDocuments } from '../../records/evidence-documents';

/**
 * Description of the first fact about an execution that never began or whose step has ended; null if there is none. A rerun records reused
 * artifacts before it answers that it reuses them. A gate records its policy verdict, and a loop the items that it leaves out;
 * neither has executions.
 */
export function strayFact({ facts, index }: EvidenceDocuments): string | null {
  const hasOwnLog = (step: StepId): boolean => {
    const node = index.nodes.get(nodeOf(step))?.node;
    return (node?.kind === 'gate' && node.policy !== null) || (node?.kind === 'loop' && node.items !== null);
  };
  const started = new Map<StepId, number>();
  const ended = new Set<StepId>();
  for (const { seq, event } of facts.entries) {
    switch (event.type) {
      case 'step.started':
        started.set(event.step, event.execution);
        break;
      case 'step.ended':
        ended.add(event.step);
        break;
      case 'log':
      case 'log.cut':
      case 'artifact.captured':
      case 'tool.resolved':
      case 'material.mounted':
      case 'egress.closed': {
        const { step, execution } = event;
        const what = `entry ${seq}: ${event.type} of execution ${execution} of ${step}, which was not under way`;
        if (event.type === 'artifact.captured' && !started.has(step) && facts.reused.has(step)) break;
        if (event.type === 'log' && hasOwnLog(step)) break;
        if (ended.has(step) || !(execution <= (started.get(step) ?? 0))) return what;
        break;
      }
      default:
        break;
    }
  }
  return null;
}
