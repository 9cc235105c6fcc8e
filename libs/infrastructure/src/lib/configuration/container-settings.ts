import { join } from 'node:path';
import type { Configuration } from './configuration';

const MIB = 1024 * 1024;

/** Default resource limits of a container. */
function ceilingOf({ container: { limits } }: Configuration) {
  return {
    memoryBytes: limits.memoryMiB * MIB,
    cpuMillicores: limits.cpuMillicores,
    processes: limits.maxProcesses,
    tmpBytes: limits.tmp,
    shmBytes: limits.shm,
  };
}

/** Settings of podman, without those of the supervisor of its containers. */
export function podmanOf(configuration: Configuration) {
  const { container, sandbox } = configuration;
  const { podman, pull } = container;
  return {
    path: podman.path,
    runtime: podman.runtime,
    timeoutMs: podman.timeout,
    cgroups: podman.cgroups === 'limit',
    openFiles: podman.openFiles,
    place: sandbox.workDirectory,
    pull,
    ceiling: ceilingOf(configuration),
  };
}

/** Settings of a cluster. */
export function kubernetesOf(configuration: Configuration) {
  const { container, sandbox } = configuration;
  const { kubernetes, pull } = container;
  const { ownerPod, ownerPodUid, workClaim } = kubernetes;
  if (workClaim === null) throw new TypeError('container.kubernetes.workClaim is not configured');
  return {
    kubeconfig: kubernetes.kubeconfig,
    namespace: kubernetes.namespace,
    workClaim,
    workSubPath: kubernetes.workSubPath ?? '',
    workDirectory: sandbox.workDirectory,
    serviceAccount: kubernetes.serviceAccount,
    nodeSelector: Object.fromEntries(kubernetes.nodeSelector.map(({ label, value }) => [label, value])),
    runtimeClass: kubernetes.runtimeClass,
    imagePullSecrets: kubernetes.imagePullSecrets,
    ownerPod: ownerPod === null || ownerPodUid === null ? null : { name: ownerPod, uid: ownerPodUid },
    startTimeoutMs: kubernetes.startTimeout,
    ttlMs: kubernetes.keep,
    pollMs: kubernetes.poll,
    requestTimeoutMs: kubernetes.timeout,
    outageMs: kubernetes.outage,
    // Two workers may share a volume, but not a folder of it.
    place: join(kubernetes.namespace, workClaim, kubernetes.workSubPath ?? ''),
    pull,
    ceiling: ceilingOf(configuration),
  };
}
