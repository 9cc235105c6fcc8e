import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

// The build of the console for the quickstart. Imports only Node.js, because the quickstart is loaded before anything is installed.

/** What the bundle of the console is made of. */
const SOURCES = [
  ...['src', 'index.html', 'package.json', 'vite.config.mts', 'browser-core.mts', 'default-setting.mts'].map((name) =>
    join('apps', 'console', name),
  ),
  ...['client', 'core', 'infrastructure'].map((name) => join('libs', name, 'src')),
  'package-lock.json',
];

/** True if the console is built, and none of its sources has changed since. */
export function isConsoleBuilt(root) {
  const page = join(root, 'apps', 'console', 'dist', 'index.html');
  if (!existsSync(page)) return false;
  const builtAt = statSync(page).mtimeMs;
  return SOURCES.every((name) => changedAt(join(root, name)) <= builtAt);
}

/** Milliseconds since the epoch, of the newest file at this path. */
function changedAt(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((newest, entry) => Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

/** The programs of the build, in this order: the client as an ES module, then the bundle. */
export function consoleSteps(root) {
  return [
    { script: join(root, 'libs', 'client', 'bundle.mjs'), args: [], folder: join(root, 'libs', 'client') },
    {
      script: join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
      args: ['build', '--logLevel', 'warn'],
      folder: join(root, 'apps', 'console'),
    },
  ];
}
