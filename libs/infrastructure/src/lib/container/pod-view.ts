import { isDigest, type Digest } from '@taskrunner/core/foundation';
import type { V1Pod } from '@kubernetes/client-node';
import { STEP_CONTAINER } from './kubernetes-job';

/** State of the step according to its pod's status. */
type PodView =
  | { readonly kind: 'waiting' }
  /** It cannot start. The code gives the reason. */
  | { readonly kind: 'stuck'; readonly code: 'IMAGE_MISSING' | 'START_FAILED'; readonly message: string }
  | { readonly kind: 'running'; readonly image: Digest | null }
  /** `starved`: killed by the node because of its memory use. */
  | { readonly kind: 'ended'; readonly image: Digest | null; readonly code: number; readonly starved: boolean }
  /** Its pod was deleted, by whomever. */
  | { readonly kind: 'taken'; readonly late: boolean };

const IMAGE_REASONS = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
];
const START_REASONS = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError', 'CrashLoopBackOff'];

/** Interprets a pod's status. Pure. */
export function viewOf(pod: V1Pod): PodView {
  const { status } = pod;
  const own = status?.containerStatuses?.find(({ name }) => name === STEP_CONTAINER);
  const image = digestOf(own?.imageID ?? '');
  const { terminated, running, waiting } = own?.state ?? {};
  const late = status?.reason === 'DeadlineExceeded';
  if (terminated !== undefined) {
    if (terminated.reason === 'StartError' || terminated.reason === 'ContainerCannotRun')
      return { kind: 'stuck', code: 'START_FAILED', message: said(terminated.message, terminated.reason) };
    if (late) return { kind: 'taken', late };
    return { kind: 'ended', image, code: terminated.exitCode, starved: terminated.reason === 'OOMKilled' };
  }
  if (status?.phase === 'Failed') return { kind: 'taken', late };
  if (running !== undefined) return { kind: 'running', image };
  const reason = waiting?.reason ?? '';
  if (IMAGE_REASONS.includes(reason))
    return { kind: 'stuck', code: 'IMAGE_MISSING', message: said(waiting?.message, reason) };
  if (START_REASONS.includes(reason))
    return { kind: 'stuck', code: 'START_FAILED', message: said(waiting?.message, reason) };
  return { kind: 'waiting' };
}

/** The manifest digest in `imageID`: `name@sha256:…`. Null for the id of a configuration, which proves nothing. */
function digestOf(imageId: string): Digest | null {
  const digest = imageId.slice(imageId.indexOf('@') + 1);
  return imageId.includes('@') && isDigest(digest) ? digest : null;
}

function said(message: string | undefined, reason: string): string {
  return `${reason}: ${(message ?? '').slice(0, 500)}`;
}
