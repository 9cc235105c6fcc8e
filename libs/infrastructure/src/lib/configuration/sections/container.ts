import { duration, list, listOf, name, number, oneOf, path, size, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { MINUTE, SECOND } from './units';

export const container = section('Where steps of builtin:container run.', {
  engine: key(
    oneOf('none', 'podman', 'kubernetes'),
    'none',
    'none: packs with such steps are refused. podman: on the machine of the worker. kubernetes: as Jobs of a cluster.',
    'none | podman | kubernetes',
  ),
  pull: key(
    oneOf('never', 'missing'),
    'never',
    'never: images must be there. missing: the engine fetches them, by its own configuration of registries.',
    'never | missing',
  ),
  limits: section('What a container may use at most, and what it gets where the pack says nothing.', {
    memoryMiB: key(number(16, 1_048_576), 4_096, 'Memory.', 'MiB'),
    cpuMillicores: key(number(10, 1_024_000), 2_000, 'Processor time; 1000 is one core.', 'millicores'),
    maxProcesses: key(
      number(16, 65_536),
      512,
      'Processes and threads; Kubernetes has its own limit of them.',
      'processes',
    ),
    tmp: key(size(65_536, 1024 ** 4), 64 * 1024 ** 2, 'Size of /tmp.'),
    shm: key(
      size(65_536, 1024 ** 4),
      64 * 1024 ** 2,
      'Size of /dev/shm in Jobs of a cluster; podman’s cannot be written.',
    ),
  }),
  podman: section('podman on this machine.', {
    path: key(path, '/usr/bin/podman', 'The program.'),
    runtime: unset(name, 'OCI runtime, such as crun or runc; unset: as podman is configured.'),
    cgroups: key(
      oneOf('limit', 'off'),
      'limit',
      'off: where control groups cannot be written; memory is watched, processor has no limit, and all containers share the limit of processes.',
      'limit | off',
    ),
    openFiles: key(number(64, 1_048_576), 4_096, 'Open files of a process.', 'files'),
    timeout: key(
      duration(SECOND, 10 * MINUTE),
      2 * MINUTE,
      'Longest time for one call of podman; fetching has no limit.',
    ),
  }),
  kubernetes: section('Jobs of a cluster. Worker and Jobs mount one volume.', {
    kubeconfig: unset(path, 'Path of a kubeconfig; unset: the service account of the worker’s pod.'),
    namespace: key(name, 'taskrunner-steps', 'Namespace of the Jobs: one of their own, under Pod Security restricted.'),
    workClaim: unset(name, 'Claim, in that namespace, of the volume that the worker has at sandbox.workDirectory.'),
    workSubPath: unset(name, 'Folder of that volume that the worker has there; unset: its root.'),
    serviceAccount: key(name, 'taskrunner-step', 'Service account of the pods; they get no token of it.'),
    nodeSelector: key(
      listOf({
        label: needed(text, 'kubernetes.io/os', 'Name of a label of nodes.'),
        value: needed(text, 'linux', 'Its value.'),
      }),
      [],
      'Labels of the nodes that run steps.',
    ),
    runtimeClass: unset(name, 'Runtime class of the pods, such as gvisor.'),
    imagePullSecrets: key(list(name), [], 'Secrets, in that namespace, for fetching images.'),
    ownerPod: unset(
      name,
      'Name of the worker’s own pod, so that its Jobs go with it; only where they run in its namespace, else the cluster removes them at once.',
    ),
    ownerPodUid: unset(name, 'UID of that pod.'),
    startTimeout: key(duration(SECOND, 60 * MINUTE), 5 * MINUTE, 'How long a Job may wait for its pod to run.'),
    keep: key(
      duration(SECOND, 24 * 60 * MINUTE),
      10 * MINUTE,
      'How long the cluster keeps an ended Job that nobody removed.',
    ),
    poll: key(duration(50, MINUTE), SECOND, 'Time between two looks at a pod.'),
    timeout: key(duration(SECOND, 10 * MINUTE), 30 * SECOND, 'Longest time for one request.'),
    outage: key(
      duration(SECOND, 60 * MINUTE),
      2 * MINUTE,
      'How long the API server may be away before runs are handed over.',
    ),
  }),
});
