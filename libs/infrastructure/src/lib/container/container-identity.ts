import { sha256 } from '@taskrunner/core/canonical';
import type { ContainerTask } from '@taskrunner/core/ports';

/** Prefix of the labels that TaskRunner puts on containers and Jobs. */
export const LABEL = 'taskrunner.stellaops.io';

/** Values of labels have at most 63 characters of a limited set. Longer values are replaced by a digest. */
function short(text: string): string {
  return sha256(text).slice('sha256:'.length, 'sha256:'.length + 40);
}

/** Name of an execution's container. It is deterministic. */
export function containerName({ run, step, execution }: Pick<ContainerTask, 'run' | 'step' | 'execution'>): string {
  return `taskrunner-${short(JSON.stringify([run, step, execution]))}`;
}

/** Labels that identify containers of earlier processes: by the step of a run, and by the worker's workspace folder. */
export function containerLabels(task: Pick<ContainerTask, 'run' | 'step'>, place: string): Record<string, string> {
  return { ...stepLabels(task), ...workerLabels(place) };
}

export function stepLabels({ run, step }: Pick<ContainerTask, 'run' | 'step'>): Record<string, string> {
  return { [`${LABEL}/step`]: short(JSON.stringify([run, step])) };
}

export function workerLabels(place: string): Record<string, string> {
  return { [`${LABEL}/worker`]: short(place) };
}
