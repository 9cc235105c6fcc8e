// `package-lock.json` contains the versions and hashes of packages, but not their URLs, which depend on the registry. npm therefore
// downloads the list of all versions of each of a thousand packages, several megabytes each, to read a URL that follows from name and
// version. This file adds the URLs. `npm test` uses it before anything is installed, so it imports only Node.js.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** npm prefers this file to `package-lock.json`. It exists only during an installation. */
const SHRINKWRAP = 'npm-shrinkwrap.json';
/** Placeholder for the registry that npm is configured with. Its host does not occur here. */
const ANY_REGISTRY = 'https://registry.invalid';
/** npm replaces every host with its registry's. */
export const ARGUMENTS = ['--replace-registry-host=always'];

/** URL of a version's tarball, whose path is the same in every registry; undefined for a package that does not come from a registry. */
function addressOf(path, { name = path.split('node_modules/').at(-1), version, link, resolved, inBundle }) {
  const isPackage = path.includes('node_modules/') && version !== undefined;
  if (!isPackage || link || inBundle || resolved !== undefined) return undefined;
  return `${ANY_REGISTRY}/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}

/** A lock file with URLs. The integrity hashes remain, so npm rejects other bytes. */
export function withAddresses(lock) {
  const packages = Object.entries(lock.packages).map(([path, entry]) => {
    const resolved = addressOf(path, entry);
    return [path, resolved === undefined ? entry : { ...entry, resolved }];
  });
  return { ...lock, packages: Object.fromEntries(packages) };
}

/** Writes the file beside the lock file of a folder. Returns a function that removes it. */
export function writeAddresses(folder) {
  const path = join(folder, SHRINKWRAP);
  writeFileSync(
    path,
    JSON.stringify(withAddresses(JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')))),
  );
  return () => rmSync(path, { force: true });
}
