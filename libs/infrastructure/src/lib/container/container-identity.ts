import { sha256 } from '@taskrunner/core/canonical';
import type { ContainerTask } from '@taskrunner/core/ports';

/** Prefix of the labels that TaskRunner puts on containers and Jobs. */
export const LABEL = 'taskrunner.stellaops.io';

/** A label's value may have 63 characters of few kinds: what may be longer stands there as a digest. */
function short(text: string): string {
  return sha256(text).slice('sha256:'.length, 'sha256:'.length + 40);
}

/** Name of the container of an execution: the same whoever asks for it. */
export function containerName({ run, step, execution }: Pick<ContainerTask, 'run' | 'step' | 'execution'>): string {
  return `taskrunner-${short(JSON.stringify([run, step, execution]))}`;
}

/** Labels by which what is left is found: of a step of a run, and of a worker by the place of its workspaces. */
export function containerLabels(task: Pick<ContainerTask, 'run' | 'step'>, place: string): Record<string, string> {
  return { ...stepLabels(task), ...workerLabels(place) };
}

export function stepLabels({ run, step }: Pick<ContainerTask, 'run' | 'step'>): Record<string, string> {
  return { [`${LABEL}/step`]: short(JSON.stringify([run, step])) };
}

export function workerLabels(place: string): Record<string, string> {
  return { [`${LABEL}/worker`]: short(place) };
}
