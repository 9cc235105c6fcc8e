import { isDigest, isTenantId } from '@taskrunner/core/foundation';
import { isPackName, isPackVersion } from '@taskrunner/core/pack';
import type { Configuration } from '../configuration';
import type { Notes } from '../configuration-fault';

type PacksRegistry = Configuration['packsRegistry'];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Constraints between keys of the section. */
export function checkPacksRegistry(
  { registries, keys, rules, deny, minimumVersions }: PacksRegistry,
  notes: Notes,
): void {
  const at = '/packsRegistry';
  const conflict = (path: string, message: string) => notes.fault('CONFIG_CONFLICT', `${at}${path}`, message);
  const format = (path: string, message: string) => notes.fault('CONFIG_FORMAT', `${at}${path}`, message);
  registries.forEach((registry, index) => checkRegistry(registry, `/registries/${index}`, conflict));
  for (const twice of doubles(registries.map(({ name }) => name)))
    conflict('/registries', `Two registries have the name ${twice}.`);
  for (const twice of doubles(keys.map(({ keyRef }) => keyRef))) conflict('/keys', `Two keys have the name ${twice}.`);
  const refs = new Set(keys.map(({ keyRef }) => keyRef));
  rules.forEach(({ tenants, packs, anyOf, threshold }, index) => {
    const path = `/rules/${index}`;
    for (const one of anyOf) if (!refs.has(one)) conflict(`${path}/anyOf`, `The key ${one} does not exist.`);
    if (threshold > new Set(anyOf).size)
      conflict(`${path}/threshold`, `threshold is ${threshold}, but there are only ${new Set(anyOf).size} keys.`);
    for (const one of packs)
      if (!/^[a-z0-9-]*\*$/.test(one) && !isPackName(one))
        format(`${path}/packs`, `${JSON.stringify(one)} is not a pack name.`);
    for (const one of tenants)
      if (!isOwner(one)) format(`${path}/tenants`, `${JSON.stringify(one)} is not a tenant name.`);
  });
  deny.forEach((one, index) => {
    if (!isDigest(one))
      format(`/deny/${index}`, 'packsRegistry.deny must contain digests: sha256: followed by 64 hexadecimal digits.');
  });
  minimumVersions.forEach(({ pack, version }, index) => {
    if (!isPackName(pack)) format(`/minimumVersions/${index}/pack`, `${JSON.stringify(pack)} is not a pack name.`);
    if (!isPackVersion(version))
      format(`/minimumVersions/${index}/version`, `${JSON.stringify(version)} is not a version.`);
  });
}

function checkRegistry(
  registry: PacksRegistry['registries'][number],
  at: string,
  conflict: (path: string, message: string) => void,
): void {
  const { type, url, path, plainHttp, usernameFile, passwordFile, tokenRealm, tenants, publish } = registry;
  if (type === 'oci' && (url === null || path !== null))
    conflict(at, 'A registry of type oci must have a url and no path.');
  if (type === 'folder' && (path === null || url !== null))
    conflict(at, 'A registry of type folder must have a path and no url.');
  for (const [name, supplied] of [
    ['url', url],
    ['tokenRealm', tokenRealm],
  ] as const) {
    if (supplied === null) continue;
    const { protocol, hostname, search, hash } = new URL(supplied);
    if (protocol === 'http:' && !plainHttp && !LOOPBACK.test(hostname))
      conflict(`${at}/${name}`, `${name} must be https, or plainHttp must be set.`);
    if (name === 'url' && (search !== '' || hash !== '')) conflict(`${at}/url`, 'url must end with its path.');
  }
  if ((usernameFile === null) !== (passwordFile === null))
    conflict(at, 'usernameFile and passwordFile must be set together.');
  for (const tenant of tenants)
    if (!isOwner(tenant)) conflict(`${at}/tenants`, `${JSON.stringify(tenant)} is not a tenant name.`);
  if (publish && tenants.length === 0)
    conflict(`${at}/publish`, 'publish requires tenants. List the tenants that may publish.');
}

function isOwner(tenant: string): boolean {
  return tenant === '*' || isTenantId(tenant);
}

function doubles(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) < index))];
}
