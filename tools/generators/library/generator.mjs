import { generateFiles, installPackagesTask, readJson } from '@nx/devkit';
import { join } from 'node:path';
import { afterLast, beforeFirst } from '../document.mjs';
import { finished } from '../finish.mjs';
import { namesOf } from '../names.mjs';
import { mustBeNew, refuse, sentenceOf } from '../refusal.mjs';
import { Source } from '../source.mjs';

/** A library, and every list that names the libraries. */
export default async function library(tree, options) {
  const names = namesOf('name', options.name);
  const about = sentenceOf('about', options.about);
  const { kebab } = names;
  const root = `libs/${kebab}`;
  mustBeNew(tree, 'name', root);
  mustBeNew(tree, 'name', `apps/${kebab}`);
  if (['tools', 'generators'].includes(kebab)) refuse('name', `${kebab} is another project.`, 'Choose another name.');
  const known = tree.children('libs').filter((one) => tree.exists(`libs/${one}/package.json`));
  const needs = [...new Set(options.needs ?? [])].sort();
  for (const need of needs)
    if (!known.includes(need))
      refuse('needs', `there is no library ${need}.`, `Use ${known.join(', ')}, or leave it out.`);

  const { version, license, engines } = readJson(tree, 'package.json');
  const dependencies = Object.fromEntries(
    needs.map((need) => [`@taskrunner/${need}`, readJson(tree, `libs/${need}/package.json`).version]),
  );
  const references = needs.map((need) => ({ path: `../${need}/tsconfig.build.json` }));
  generateFiles(tree, join(import.meta.dirname, 'files'), root, {
    ...names,
    about,
    version,
    license,
    engines,
    dependencies,
    references: JSON.stringify(references),
    specReferences: JSON.stringify([{ path: './tsconfig.build.json' }, ...references]),
    tmpl: '',
  });

  referTo(tree, root);
  mapImports(tree, kebab);
  boundBy(tree, kebab, needs);
  draw(tree, kebab);
  afterLast(tree, 'ARCHITECTURE.md', '| `libs/', `| \`${root}\` | ${about} |`);
  for (const image of ['webservice', 'worker'])
    afterLast(
      tree,
      `docker/${image}.Dockerfile`,
      'COPY libs/infrastructure/package.json',
      `COPY ${root}/package.json ${root}/`,
    );
  lock(tree, root, { name: `@taskrunner/${kebab}`, version, license, dependencies, engines });

  const next = [
    `${root}/src/lib/${kebab}.ts holds an example: put what the library is for in its place, and export it from src/index.ts.`,
    'A service that imports it names it in its package.json and its tsconfig.build.json and tsconfig.spec.json, and its image copies libs/' +
      kebab +
      '/dist.',
  ];
  return finished(tree, next, () => {
    if (!options.skipInstall) installPackagesTask(tree, true);
  });
}

/** Adds the library to the build of the workspace. */
function referTo(tree, root) {
  const config = new Source(tree, 'tsconfig.json');
  config.before(firstApp(config), `{ "path": "${root}" }`);
  config.write();
}

function firstApp(config) {
  const references = config.valueOf('references').elements;
  return references.find((one) => one.getText(config.file).includes('apps/')) ?? references.at(-1);
}

/** Tests and the dependency check read sources rather than build output. */
function mapImports(tree, kebab) {
  const preset = new Source(tree, 'jest.preset.js');
  const mapper = preset.valueOf('moduleNameMapper');
  preset.before(mapper.properties[0], `'^@taskrunner/${kebab}$': \`\${__dirname}/libs/${kebab}/src/index.ts\``);
  preset.write();
  const config = new Source(tree, 'tsconfig.depcruise.json');
  config.append(config.valueOf('paths'), `      "@taskrunner/${kebab}": ["./libs/${kebab}/src/index.ts"]`);
  config.write();
}

/** The permitted imports, by scope. */
function boundBy(tree, kebab, needs) {
  const config = new Source(tree, '.dependency-cruiser.cjs');
  const names = needs.map((one) => `'${one}'`).join(', ');
  config.append(config.valueOf('scopes'), `  '${kebab}': [${names}]`);
  config.write();
}

/** The diagram of the projects: a library is above those that it may import. */
function draw(tree, kebab) {
  const script = new Source(tree, 'tools/draw-house.mjs');
  script.append(script.valueOf('libraries'), `'${kebab}'`);
  script.write();
  beforeFirst(tree, 'docs/diagrams/projects.mermaid', '  console', `  ${kebab}`);
}

/** The lock file as npm would write it, so that `npm ci` accepts it before the first `npm install`. */
function lock(tree, root, { name, dependencies, ...rest }) {
  const file = readJson(tree, 'package-lock.json');
  const own = Object.keys(dependencies).length === 0 ? {} : { dependencies };
  const { version, license, engines } = rest;
  file.packages[root] = { name, version, license, ...own, engines };
  file.packages[`node_modules/${name}`] = { resolved: root, link: true };
  const sorted = Object.entries(file.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  tree.write('package-lock.json', `${JSON.stringify({ ...file, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}
