import type { V1PodSpec } from '@kubernetes/client-node';

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Violations of the restricted Pod Security Standard in a pod. A mounted token is a violation too. */
export function restrictedFaults(spec: V1PodSpec): readonly string[] {
  const faults: string[] = [];
  const must = (holds: boolean, what: string) => void (holds || faults.push(what));
  must(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC, 'host namespaces');
  must(spec.automountServiceAccountToken === false, 'automountServiceAccountToken');
  for (const { name, ...volume } of spec.volumes ?? [])
    must(
      Object.keys(volume).every((kind) => VOLUMES.includes(kind)),
      `volume ${name}`,
    );
  const profiles = ['RuntimeDefault', 'Localhost'];
  for (const { name, securityContext: own = {}, ports = [] } of [...(spec.initContainers ?? []), ...spec.containers]) {
    const seccomp = own.seccompProfile?.type ?? spec.securityContext?.seccompProfile?.type ?? '';
    must(own.privileged !== true, `${name}: privileged`);
    must(own.allowPrivilegeEscalation === false, `${name}: allowPrivilegeEscalation`);
    must((own.runAsNonRoot ?? spec.securityContext?.runAsNonRoot) === true, `${name}: runAsNonRoot`);
    must((own.runAsUser ?? spec.securityContext?.runAsUser) !== 0, `${name}: runAsUser`);
    must(profiles.includes(seccomp), `${name}: seccompProfile`);
    must(own.capabilities?.drop?.includes('ALL') === true, `${name}: capabilities.drop`);
    must(
      (own.capabilities?.add ?? []).every((one) => one === 'NET_BIND_SERVICE'),
      `${name}: capabilities.add`,
    );
    must(
      ports.every(({ hostPort }) => hostPort === undefined),
      `${name}: hostPort`,
    );
  }
  return faults;
}
