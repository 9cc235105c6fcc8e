// `package-lock.json` says which packages are installed and what their bytes hash to, and not where they lie: that depends on the registry. npm
// then asks the registry for the list of all versions of each of a thousand packages, some megabytes long, only to read an address that follows
// from name and version. `npm test` asks before anything is installed: nothing is imported here but Node.js.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** npm prefers it to `package-lock.json`. There is one for the time of an installation only. */
const SHRINKWRAP = 'npm-shrinkwrap.json';
/** Stands for the registry that npm is configured with, of which there is no host here. */
const ANY_REGISTRY = 'https://registry.invalid';
/** npm puts its registry in the place of every host. */
export const ARGUMENTS = ['--replace-registry-host=always'];

/** Where every registry has the tarball of a version; undefined: it does not come from a registry. */
function addressOf(path, { name = path.split('node_modules/').at(-1), version, link, resolved, inBundle }) {
  const isPackage = path.includes('node_modules/') && version !== undefined;
  if (!isPackage || link || inBundle || resolved !== undefined) return undefined;
  return `${ANY_REGISTRY}/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}

/** A lock that says where its packages lie. The digests stay: npm refuses other bytes. */
export function withAddresses(lock) {
  const packages = Object.entries(lock.packages).map(([path, entry]) => {
    const resolved = addressOf(path, entry);
    return [path, resolved === undefined ? entry : { ...entry, resolved }];
  });
  return { ...lock, packages: Object.fromEntries(packages) };
}

/** Writes it beside the lock of a folder. Returns what removes it. */
export function writeAddresses(folder) {
  const path = join(folder, SHRINKWRAP);
  writeFileSync(
    path,
    JSON.stringify(withAddresses(JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')))),
  );
  return () => rmSync(path, { force: true });
}
