// What the Dockerfiles build, compared with what the workspaces need: a build in an image starts without results of an earlier one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const json = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const workspaces = new Map(
  Object.keys(json('package-lock.json').packages)
    .filter((folder) => /^(?:libs|apps)\/[^/]+$/.test(folder))
    .map((folder) => ({ folder, ...json(`${folder}/package.json`) }))
    .map((one) => [one.name, one]),
);
const byFolder = new Map([...workspaces.values()].map((one) => [one.folder, one]));

/** The projects that `tsc -b` of a configuration builds, with all that they refer to. */
function compiled(path, found = new Set()) {
  const folder = dirname(path);
  if (found.has(folder)) return found;
  found.add(folder);
  for (const one of json(path).references ?? []) compiled(relative(ROOT, join(ROOT, folder, one.path)), found);
  return found;
}

/** Workspaces whose results a workspace needs when it is bundled. */
const needsOf = ({ dependencies, devDependencies }) =>
  Object.keys({ ...dependencies, ...devDependencies }).flatMap((name) => workspaces.get(name) ?? []);

for (const service of ['webservice', 'worker']) {
  const text = readFileSync(join(ROOT, `docker/${service}.Dockerfile`), 'utf8').replaceAll('\\\n', '');
  const configurations = text
    .match(/tsc -b ((?:\S+\.json ?)+)/)[1]
    .trim()
    .split(' ');
  const built = new Set(configurations.flatMap((path) => [...compiled(path)]));
  const bundled = [...text.matchAll(/npm run bundle --workspace (\S+)/g)].map(([, folder]) => folder);

  test(`the image of the ${service} has the manifest of every workspace`, () => {
    for (const folder of byFolder.keys()) assert.ok(text.includes(`COPY ${folder}/package.json ${folder}/\n`), folder);
  });

  test(`the image of the ${service} builds what its bundles need, and before them`, () => {
    assert.ok(bundled.length > 0);
    for (const [at, folder] of bundled.entries())
      for (const need of needsOf(byFolder.get(folder))) {
        assert.ok(built.has(need.folder), `${folder} needs ${need.folder}, which is not compiled`);
        if (need.scripts?.bundle === undefined) continue;
        assert.ok(bundled.slice(0, at).includes(need.folder), `${folder} needs the bundle of ${need.folder}`);
      }
  });
}
