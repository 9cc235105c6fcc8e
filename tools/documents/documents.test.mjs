// Run with `node --test tools/documents/documents.test.mjs`. Files that documents and comments refer to must exist.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const LEFT_OUT = new Set(['node_modules', 'dist', '.nx', '.git', 'peers', 'coverage', 'tmp']);
/** Results of the recipes' examples. The file does not exist, but its folder does. */
const EXAMPLES =
  /^(?:NN-.*|(?:pick-one|ring-bell)-executor.*|closing-note.*|(?:NN-)?run-notes.*|(?:NN-)?bookmarks.*|hello\.command.*|worker-drain-pause.*|retry-curve.*|descriptors\.json)$/;
const ENDINGS = 'ts|sql|md|mjs|cjs|js|yaml|json|sample';

function* filesBelow(folder) {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) yield path;
    else if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) yield* filesBelow(path);
  }
}

const files = [...filesBelow('')];
const folders = new Set(files.map((file) => file.slice(0, Math.max(0, file.lastIndexOf('/')))));
const endsWith = (paths, part) => [...paths].some((path) => path === part || path.endsWith(`/${part}`));
/** Paths under `node_modules` or in build output are not files of the repository. */
const isElsewhere = (path) => /node_modules|dist\//.test(path);

/** Paths of files in a text, relative to any folder. */
function pathsOf(text) {
  const named = text.matchAll(
    new RegExp(`(?<![\\w/.…<>*-])(?:\\.{1,2}/|…/)*[\\w.-]+(?:/[\\w.-]+)*\\.(?:${ENDINGS})\\b(?![\\w(])`, 'g'),
  );
  return [...new Set([...named].map(([path]) => path.replace(/^(?:\.{1,2}\/|…\/)+/, '')))];
}

/** Paths of a text that do not exist; for an example, its folder. */
function lost(text) {
  return pathsOf(text).filter((path) => {
    if (isElsewhere(path) || endsWith(files, path) || endsWith(files, path.replace(/\.js$/, '.ts'))) return false;
    const [name, ...above] = path.split('/').toReversed();
    const folder = above.toReversed().join('/');
    const isNew = EXAMPLES.test(name) || EXAMPLES.test(above[0] ?? '');
    return !(isNew && (folder === '' || EXAMPLES.test(above[0]) || endsWith(folders, folder)));
  });
}

/** Each alternative of each pattern. All of them must match a spec. */
function alternatives(pattern) {
  const [group, list] = /\(([^()]*)\)/.exec(pattern) ?? [];
  if (group === undefined) return [pattern];
  return list.split('|').flatMap((one) => alternatives(pattern.replace(group, () => one)));
}

/** Calls of Jest in a text: the project and the patterns of specs. */
function callsOfJest(text) {
  return [...text.matchAll(/npx jest -c (\S+)\/jest\.config\.js ([^\n#`]*)/g)].map(([, project, line]) => ({
    project,
    patterns: [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare),
  }));
}

/** Patterns of calls that match no spec. */
function findingNothing(text) {
  return callsOfJest(text).flatMap(({ project, patterns }) => {
    const specs = files.filter((file) => file.startsWith(`${project}/`) && /spec\.ts$/.test(file));
    return patterns
      .filter((pattern) => !pattern.startsWith('-'))
      .flatMap(alternatives)
      .filter((one) => !EXAMPLES.test(one.split('/').at(-1)))
      .filter((one) => !specs.some((spec) => new RegExp(one).test(`/${spec}`)))
      .map((one) => `${project}: ${one}`);
  });
}

describe('recipes', () => {
  const text = readFileSync(join(ROOT, 'docs/recipes.md'), 'utf8');

  it('name files that are there, and new ones in folders that are there', () => {
    assert.ok(pathsOf(text).length > 60);
    assert.deepEqual(lost(text), []);
  });

  it('call tests that are there, with each part of each pattern', () => {
    assert.ok(callsOfJest(text).length > 10);
    assert.deepEqual(findingNothing(text), []);
  });

  it('that lead nowhere are found', () => {
    assert.deepEqual(lost('`plan/golden/retry-curve.yaml`, `…/ports/run-reader.ts`, `docs/glossary.md`'), [
      'plan/golden/retry-curve.yaml',
      'ports/run-reader.ts',
    ]);
    assert.deepEqual(
      findingNothing(
        "npx jest -c libs/core/jest.config.js lib/plan/golden-plans 'step/(retry|nothing)' pick-one-executor",
      ),
      ['libs/core: lib/plan/golden-plans', 'libs/core: step/nothing'],
    );
  });
});

/** Comments of a source text, each with its line. */
function commentsOf(text) {
  return text
    .split('\n')
    .map((line, index) => [index + 1, /(?:^\s*(?:\/\*\*?|\*|--|#)\s|(?:^|\s)\/\/ ).*$/.exec(line)?.[0] ?? ''])
    .filter(([, comment]) => comment !== '');
}

/** Documents that comments of a text cite and that do not exist. */
function citesNothing(text) {
  return commentsOf(text).flatMap(([line, comment]) =>
    [...comment.matchAll(/(?<![\w/.*-])(?:\.{1,2}\/)*([\w.-]+(?:\/[\w.-]+)*\.md)\b(,? §)?/g)]
      // Sections of documents have titles rather than numbers.
      .filter(([, path, number]) => !endsWith(files, path) || number !== undefined)
      .map(([, path]) => `${line} ${path}`),
  );
}

describe('comments of sources', () => {
  const sources = files.filter((file) =>
    /^(?:libs|apps|tools|docker|etc|examples)\/.*\.(?:ts|mjs|cjs|js|sql|ya?ml|sample|template)$/.test(file),
  );

  it('cite no document that is not there', () => {
    assert.ok(sources.length > 1000);
    const lostOnes = sources.flatMap((file) =>
      citesNothing(readFileSync(join(ROOT, file), 'utf8')).map((one) => `${file}:${one}`),
    );
    assert.deepEqual(lostOnes, []);
  });

  it('that cite one are found', () => {
    const planted = [
      '/** Who may decide (elsewhere.md §2). */',
      ' * As docs/guides/nowhere.md says.',
      ['const a = 1;', '//', 'see gone.md'].join(' '),
      '-- Of plans (docs/glossary.md, plan).',
      "const name = 'report.md';",
      '// As README.md §5 says.',
    ].join('\n');
    assert.deepEqual(citesNothing(planted), ['1 elsewhere.md', '2 docs/guides/nowhere.md', '3 gone.md', '6 README.md']);
  });
});

it('no file has both sides of a merge', () => {
  const marks = /^(?:<{7}|>{7}) /m;
  const texts = files.filter((file) => /\.(?:md|ts|tsx|mjs|cjs|js|json|ya?ml|sql|css|sample)$/.test(file));
  assert.deepEqual(
    texts.filter((file) => marks.test(readFileSync(join(ROOT, file), 'utf8'))),
    [],
  );
});
