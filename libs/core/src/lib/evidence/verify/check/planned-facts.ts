import { builtinNamed } from '../../../plan/builtin-executors';
import type { RunNode } from '../../../plan/plan';
import { nodeOf } from '../../../plan/place';
import type { EvidenceDocuments } from '../../records/evidence-documents';

/**
 * Description of the first fact of a step that the plan does not allow; null if there is none. Such a fact is an artifact that the step
 * does not declare or, for a succeeded step, a program that differs from the pinned one.
 */
export function unplannedFact({ facts, index }: EvidenceDocuments): string | null {
  const nodeAt = (step: string): RunNode | null => {
    const node = index.nodes.get(nodeOf(step as never))?.node;
    return node?.kind === 'run' ? node : null;
  };
  for (const { step, name, mediaType } of facts.artifacts) {
    const node = nodeAt(step);
    // These executors capture only the artifacts that a step declares.
    if (node === null || builtinNamed(node.uses)?.sandboxed !== true) continue;
    const declared = node.artifacts.find((artifact) => artifact.name === name);
    if (declared === undefined) return `${step} captured ${name}, which it does not declare`;
    if (declared.mediaType !== null && declared.mediaType !== mediaType)
      return `${step}: it captured ${name} as ${mediaType}, and declares ${declared.mediaType}`;
  }
  for (const { step, status } of facts.stepsEnded) {
    const node = status === 'succeeded' ? nodeAt(step) : null;
    const pinned = node && pinsOfProgram(node);
    if (!pinned) continue;
    const own = facts.ofStep.get(step) ?? [];
    const execution = own.reduce((last, fact) => Math.max(last, fact.execution), 0);
    const tool = own.find((fact) => fact.type === 'tool.resolved' && fact.execution === execution);
    if (tool?.type === 'tool.resolved' && !pinned.includes(tool.digest))
      return `${step}: it ran ${tool.path}, which the plan does not pin`;
  }
  return null;
}

/** The program digests that the plan allows for a step; null if the plan pins none or the program is an expression. */
function pinsOfProgram({ uses, with: parameters, tools }: RunNode): RunNode['tools'][string] | null {
  const command = uses === 'builtin:command' ? parameters['command'] : parameters['interpreter'];
  const [program] = Array.isArray(command) ? (command as readonly unknown[]) : [];
  if (typeof program !== 'string' || program.includes('{{')) return null;
  const name = program.split('/').at(-1) ?? program;
  return Object.hasOwn(tools, name) ? (tools[name] ?? null) : null;
}
