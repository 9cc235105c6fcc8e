import { duration, list, listOf, name, number, oneOf, path, size, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { MINUTE, SECOND } from './units';

export const container = section('Container engine for steps that use builtin:container.', {
  engine: key(
    oneOf('none', 'podman', 'kubernetes'),
    'none',
    'none: packs with such steps are refused. podman: containers run on the machine of the worker. kubernetes: containers run as Jobs of a cluster.',
    'none | podman | kubernetes',
  ),
  pull: key(
    oneOf('never', 'missing'),
    'never',
    'never: images must be present. missing: the engine pulls them, using its own registry configuration.',
    'never | missing',
  ),
  limits: section('Maximum resources of a container. They are also the defaults if the pack sets none.', {
    memoryMiB: key(number(16, 1_048_576), 4_096, 'Memory limit.', 'MiB'),
    cpuMillicores: key(number(10, 1_024_000), 2_000, 'CPU limit; 1000 is one core.', 'millicores'),
    maxProcesses: key(
      number(16, 65_536),
      512,
      'Maximum number of processes and threads. Kubernetes applies its own limit instead.',
      'processes',
    ),
    tmp: key(size(65_536, 1024 ** 4), 64 * 1024 ** 2, 'Size of /tmp.'),
    shm: key(
      size(65_536, 1024 ** 4),
      64 * 1024 ** 2,
      'Size of /dev/shm in Jobs of a cluster. With podman, /dev/shm is read-only.',
    ),
  }),
  podman: section('Settings for podman on this machine.', {
    path: key(path, '/usr/bin/podman', 'Path of the podman program.'),
    runtime: unset(name, 'OCI runtime, such as crun or runc; unset: the default of podman.'),
    cgroups: key(
      oneOf('limit', 'off'),
      'limit',
      'Enforcement of limits. off: for machines where control groups are not writable. Then the worker measures memory, there is no CPU limit, and all containers share the process limit.',
      'limit | off',
    ),
    openFiles: key(number(64, 1_048_576), 4_096, 'Maximum number of open files of a process.', 'files'),
    timeout: key(
      duration(SECOND, 10 * MINUTE),
      2 * MINUTE,
      'Timeout of one podman command. Pulling images has no timeout.',
    ),
  }),
  kubernetes: section('Settings for Kubernetes. The worker and the Jobs mount one shared volume.', {
    kubeconfig: unset(path, "Path of a kubeconfig file; unset: the service account of the worker's pod."),
    namespace: key(
      name,
      'taskrunner-steps',
      'Namespace of the Jobs. Use a dedicated namespace with the Pod Security level restricted.',
    ),
    workClaim: unset(
      name,
      'PersistentVolumeClaim, in that namespace, of the volume that the worker mounts at sandbox.workDirectory.',
    ),
    workSubPath: unset(name, 'Directory of that volume that the worker mounts; unset: its root.'),
    serviceAccount: key(name, 'taskrunner-step', 'Service account of the pods. Its token is not mounted.'),
    nodeSelector: key(
      listOf({
        label: needed(text, 'kubernetes.io/os', 'Name of a node label.'),
        value: needed(text, 'linux', 'Value of the label.'),
      }),
      [],
      'Node labels that select the nodes for steps.',
    ),
    runtimeClass: unset(name, 'RuntimeClass of the pods, such as gvisor.'),
    imagePullSecrets: key(list(name), [], 'Secrets, in that namespace, for pulling images.'),
    ownerPod: unset(
      name,
      "Name of the worker's pod. The pod then owns its Jobs, and the cluster deletes them together with the pod. Set it only if the Jobs run in the namespace of the worker; otherwise the cluster deletes them immediately.",
    ),
    ownerPodUid: unset(name, "UID of the worker's pod."),
    startTimeout: key(duration(SECOND, 60 * MINUTE), 5 * MINUTE, 'Maximum time that a Job waits for its pod to run.'),
    keep: key(
      duration(SECOND, 24 * 60 * MINUTE),
      10 * MINUTE,
      'How long the cluster keeps a finished Job that was not deleted.',
    ),
    poll: key(duration(50, MINUTE), SECOND, 'Interval at which a pod is polled.'),
    timeout: key(duration(SECOND, 10 * MINUTE), 30 * SECOND, 'Timeout of one request to the API server.'),
    outage: key(
      duration(SECOND, 60 * MINUTE),
      2 * MINUTE,
      'How long the API server may be unavailable before runs are handed over to another worker.',
    ),
  }),
});
