// Each generator on the current repository, in an in-memory tree: nothing is written. tools/generators-trial.mjs tests that the results
// build, lint and pass their tests.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FsTree } from 'nx/src/generators/tree.js';
import ts from 'typescript';
import { MOST_FILES } from '../rooms.cjs';
import { formatted } from './format.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path) => JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8'));
const { generators } = read('generators.json');
const about = 'It is for tests.';
process.env.NX_DAEMON = 'false';

/** The options of a generator, and every file that it must change. */
const CASES = [
  {
    generator: 'library',
    options: { name: 'object-lock', about, needs: ['core'] },
    made: [
      'libs/object-lock/README.md',
      'libs/object-lock/jest.config.js',
      'libs/object-lock/package.json',
      'libs/object-lock/project.json',
      'libs/object-lock/src/index.ts',
      'libs/object-lock/src/lib/object-lock.spec.ts',
      'libs/object-lock/src/lib/object-lock.ts',
      'libs/object-lock/tsconfig.build.json',
      'libs/object-lock/tsconfig.json',
      'libs/object-lock/tsconfig.spec.json',
    ],
    changed: [
      '.dependency-cruiser.cjs',
      'ARCHITECTURE.md',
      'docker/webservice.Dockerfile',
      'docker/worker.Dockerfile',
      'docs/diagrams/projects.mermaid',
      'jest.preset.js',
      'package-lock.json',
      'tools/draw-house.mjs',
      'tsconfig.depcruise.json',
      'tsconfig.json',
    ],
  },
  {
    generator: 'executor',
    options: { name: 'pick-one', about, effects: 'pure' },
    made: [
      'libs/core/src/lib/simulation/pick-one-executor.spec.ts',
      'libs/infrastructure/src/lib/executors/pick-one-executor.spec.ts',
      'libs/infrastructure/src/lib/executors/pick-one-executor.ts',
    ],
    changed: [
      'CHANGELOG.md',
      'docs/guides/evidence-and-verification.md',
      'docs/guides/writing-packs.md',
      'docs/threat-model.md',
      'libs/core/src/lib/binding/pure-step.ts',
      'libs/core/src/lib/plan/builtin-executors.ts',
      'libs/core/src/lib/simulation/assumed-outcome.ts',
      'libs/infrastructure/src/lib/executors/builtin-executors.ts',
    ],
  },
  {
    generator: 'executor',
    options: { name: 'ring-bell', about, effects: 'once' },
    made: [
      'libs/core/src/lib/simulation/ring-bell-executor.spec.ts',
      'libs/infrastructure/src/lib/executors/ring-bell-executor.spec.ts',
      'libs/infrastructure/src/lib/executors/ring-bell-executor.ts',
    ],
    changed: [
      'CHANGELOG.md',
      'docs/guides/writing-packs.md',
      'libs/core/src/lib/plan/builtin-executors.ts',
      'libs/infrastructure/src/lib/executors/builtin-executors.ts',
    ],
  },
  {
    generator: 'port',
    options: { name: 'run-notes', about, room: 'runs' },
    made: [
      'libs/core/src/lib/ports/runs/run-notes.ts',
      'libs/core/src/testing/contracts/run-notes-contract.ts',
      'libs/core/src/testing/memory/memory-run-notes.spec.ts',
      'libs/core/src/testing/memory/memory-run-notes.ts',
    ],
    changed: ['libs/core/src/lib/ports/index.ts', 'libs/core/src/testing/index.ts'],
  },
  {
    generator: 'migration',
    options: { name: 'run-notes', about, table: 'runs', column: 'note' },
    made: [
      'libs/infrastructure/src/lib/postgres/migrations/NN-run-notes.int-spec.ts',
      'libs/infrastructure/src/lib/postgres/migrations/NN-run-notes.ts',
    ],
    changed: ['libs/infrastructure/src/lib/postgres/migrations/migrations.ts'],
  },
  {
    generator: 'migration',
    options: { name: 'bookmarks', about, table: 'bookmarks' },
    made: [
      'libs/infrastructure/src/lib/postgres/migrations/NN-bookmarks.int-spec.ts',
      'libs/infrastructure/src/lib/postgres/migrations/NN-bookmarks.ts',
    ],
    changed: [
      'libs/infrastructure/src/lib/postgres/migrations/migrations.ts',
      'libs/infrastructure/src/lib/postgres/tenancy.int-spec.ts',
    ],
  },
  ...[
    { name: 'drain-pause', section: 'worker', type: 'duration', default: '5s', spec: 'worker-drain-pause' },
    {
      name: 'keep-names',
      section: 'artifacts.uploads',
      type: 'flag',
      default: false,
      spec: 'artifacts-uploads-keep-names',
    },
  ].map(({ spec, ...options }) => ({
    generator: 'configuration-key',
    options: { ...options, about },
    made: [`libs/infrastructure/src/lib/configuration/${spec}.spec.ts`],
    changed: [
      'CHANGELOG.md',
      'docs/guides/operations.md',
      'etc/task-runner.yaml.sample',
      'libs/infrastructure/src/lib/configuration/configuration-in-use.spec.ts',
      `libs/infrastructure/src/lib/configuration/sections/${options.section.split('.')[0]}.ts`,
    ],
  })),
  {
    generator: 'route',
    options: { name: 'closing-note', about, scope: 'packs.run' },
    made: [
      'apps/webservice/src/closing-note/closing-note.controller.spec.ts',
      'apps/webservice/src/closing-note/closing-note.controller.ts',
      'apps/webservice/src/testing/api/closing-note.ts',
    ],
    changed: [
      'CHANGELOG.md',
      'apps/webservice/src/openapi/examples/runs.ts',
      'apps/webservice/src/openapi/schemas/runs.ts',
      'apps/webservice/src/webservice.int-spec.ts',
      'apps/webservice/src/webservice.module.ts',
      'docs/guides/operations.md',
      'libs/core/src/lib/operations/problems/problem-code.ts',
      'libs/core/src/lib/operations/problems/problem-table.ts',
    ],
  },
];

/** Valid options with a single invalid one, and the option that the refusal must name. */
const REFUSED = [
  ...Object.keys(generators).flatMap((generator) =>
    ['Upper', 'under_score', 'a', 'two--hyphens', '../up', 'delete', 'promise', undefined].map((name) => [
      generator,
      { name },
      'name',
    ]),
  ),
  ...Object.keys(generators).flatMap((generator) =>
    ['no full stop', 'Two.\nLines.', 'A `tick`.', undefined].map((text) => [generator, { about: text }, 'about']),
  ),
  ['library', { name: 'core' }, 'name'],
  ['library', { name: 'worker' }, 'name'],
  ['library', { name: 'tools' }, 'name'],
  ['library', { needs: ['nothing'] }, 'needs'],
  ['executor', { name: 'http' }, 'name'],
  ['executor', { effects: 'some' }, 'effects'],
  ['port', { name: 'uploads' }, 'name'],
  ['port', { name: 'coded-error' }, 'name'],
  ['port', { name: 'clock' }, 'name'],
  ['port', { room: 'attic' }, 'room'],
  ['port', { room: undefined }, 'room'],
  ['migration', { name: 'releases' }, 'name'],
  ['migration', { table: 'nothing' }, 'table'],
  ['migration', { table: 'elsewhere.runs' }, 'table'],
  ['migration', { table: 'runs; drop' }, 'table'],
  ['migration', { table: 'runs', column: undefined }, 'table'],
  ['migration', { column: 'status' }, 'column'],
  ['migration', { column: 'evidence_reason' }, 'column'],
  ['migration', { column: 'note_digest' }, 'column'],
  ['migration', { column: 'Note' }, 'column'],
  ['migration', { type: 'money' }, 'type'],
  ['configuration-key', { name: 'lease' }, 'name'],
  ['configuration-key', { section: 'nothing' }, 'section'],
  ['configuration-key', { section: 'worker.nothing' }, 'section'],
  ['configuration-key', { section: 'worker.lease' }, 'section'],
  ['configuration-key', { section: 'units' }, 'section'],
  ['configuration-key', { type: 'thing' }, 'type'],
  ['configuration-key', { default: 'soon' }, 'default'],
  ['configuration-key', { default: '2s', minimum: '3s' }, 'default'],
  ['configuration-key', { minimum: '3s', maximum: '2s' }, 'maximum'],
  ['configuration-key', { unit: 'runs' }, 'unit'],
  ['configuration-key', { type: 'flag', default: 'maybe' }, 'default'],
  ['configuration-key', { type: 'flag', default: true, minimum: 1 }, 'minimum'],
  ['configuration-key', { type: 'text', default: 'yes' }, 'default'],
  ['route', { name: 'evidence' }, 'name'],
  ['route', { name: 'me' }, 'name'],
  ['route', { name: 'log-page' }, 'name'],
  ['route', { name: 'error-code' }, 'name'],
  ['route', { name: 'departure' }, 'name'],
  ['route', { scope: 'packs.all' }, 'scope'],
];

const factories = new Map();
for (const [name, { implementation }] of Object.entries(generators))
  factories.set(name, (await import(join(import.meta.dirname, implementation))).default);

const treeOf = () => new FsTree(ROOT, false);
/** The number of a migration is the next one. */
const numberless = (path) => path.replace(/migrations\/\d+-/, 'migrations/NN-');

function changesOf(tree, type) {
  return tree
    .listChanges()
    .filter((change) => change.type === type)
    .map(({ path }) => numberless(path))
    .sort();
}

describe('a generator', () => {
  for (const { generator, options, made, changed } of CASES) {
    const tree = treeOf();
    const title = `${generator} ${Object.entries(options)
      .map(([name, value]) => `--${name}=${value}`)
      .join(' ')}`;
    it(`makes and changes what it should: ${title}`, async () => {
      await factories.get(generator)(tree, { ...options });
      assert.deepEqual(changesOf(tree, 'CREATE'), made);
      assert.deepEqual(changesOf(tree, 'UPDATE'), changed);
      assert.deepEqual(changesOf(tree, 'DELETE'), []);
    });

    it(`writes what can be read, and takes nothing away: ${title}`, async () => {
      for (const { path, content, type } of tree.listChanges()) {
        const text = content.toString();
        assert.doesNotMatch(text, /<%|TODO|\[object Object\]/, path);
        if (/\.[cm]?[jt]s$/.test(path)) assert.deepEqual(syntaxFaults(path, text), [], path);
        if (path.endsWith('.json')) JSON.parse(text);
        for (const [, name] of text.matchAll(/from '(\.{1,2}\/[^']+)';/g))
          if (path.endsWith('.ts'))
            assert.ok(imported(tree, path, name), `${path} imports ${name}, which is not there`);
        if (type === 'CREATE') await assertFormatted(path, text);
        else assert.ok(linesGone(path, text).length <= 3, `${path} has lost ${linesGone(path, text).join('\n')}`);
      }
    });

    it(`refuses to make it again: ${title}`, async () => {
      const before = JSON.stringify(tree.listChanges());
      await assert.rejects(
        factories.get(generator)(tree, { ...options }),
        /^Error: --(name|table|column): .* already\. /,
      );
      assert.equal(JSON.stringify(tree.listChanges()), before);
    });
  }
});

/** The webservice of `webservice.int-spec.ts` is stopped in its last tests, so a test after them would fail. */
it('a route is tried before the tests that stop the webservice', async () => {
  const { generator, options } = CASES.find((one) => one.generator === 'route');
  const tree = treeOf();
  await factories.get(generator)(tree, { ...options });
  const spec = tree.read('apps/webservice/src/webservice.int-spec.ts', 'utf8');
  const [made, last] = ['describeClosingNote(api)', 'describeDeparture(api)'].map((call) => spec.indexOf(call));
  assert.ok(made > 0 && made < last, `the test of the route stands at ${made}, the last tests at ${last}`);
});

/** True if a relative import resolves to a file. */
function imported(tree, path, name) {
  const target = join(path, '..', name).replace(/\.js$/, '');
  return ['.ts', '/index.ts', '.json', ''].some((end) => tree.isFile(target + end));
}

async function assertFormatted(path, text) {
  assert.equal(text, await formatted(path, text), `${path} is not formatted`);
}

/** A generator adds to files. A line may only be replaced by a longer one. */
function linesGone(path, text) {
  const after = new Set(text.split('\n'));
  return readFileSync(join(ROOT, path), 'utf8')
    .split('\n')
    .filter((line) => !after.has(line));
}

function syntaxFaults(path, text) {
  const { diagnostics } = ts.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, experimentalDecorators: true },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

describe('bad input', () => {
  for (const [generator, change, option] of REFUSED)
    it(`of ${generator} is refused in one line that names --${option}: ${JSON.stringify(change)}`, async () => {
      const tree = treeOf();
      const good = CASES.find((one) => one.generator === generator).options;
      await assert.rejects(factories.get(generator)(tree, { ...good, ...change }), ({ message }) => {
        assert.match(message, new RegExp(`^--${option}: [^\\n]+\\. [A-Z][^\\n]+\\.$`));
        return true;
      });
      assert.deepEqual(tree.listChanges(), []);
    });
});

describe('a full folder', () => {
  const FULL = [
    ['port', 'libs/core/src/lib/ports/runs', 'room'],
    ['port', 'libs/core/src/testing/memory', 'name'],
    ['migration', 'libs/infrastructure/src/lib/postgres/migrations', 'name'],
  ];
  for (const [generator, folder, option] of FULL)
    it(`is refused before the check of rooms finds it: ${folder}`, async () => {
      const tree = treeOf();
      for (let file = 0; file < MOST_FILES; file++) tree.write(`${folder}/planted-${file}.json`, '{}');
      const before = tree.listChanges().length;
      const { options } = CASES.find((one) => one.generator === generator);
      await assert.rejects(
        factories.get(generator)(tree, { ...options }),
        new RegExp(`^Error: --${option}: ${folder} has \\d+ files, .* docs/recipes\\.md`),
      );
      assert.equal(tree.listChanges().length, before);
    });
});

describe('the schema', () => {
  for (const [name, { implementation, schema, description }] of Object.entries(generators))
    it(`of ${name} describes every option, and asks for those that must be given`, () => {
      assert.ok(existsSync(join(import.meta.dirname, implementation)));
      assert.match(description, /\.$/);
      const { properties, required, additionalProperties } = read(schema);
      assert.equal(additionalProperties, false);
      for (const [option, { description: text }] of Object.entries(properties)) assert.match(text, /\.$/, option);
      for (const option of required) assert.ok(properties[option]['x-prompt'], option);
      for (const option of Object.keys(CASES.find((one) => one.generator === name).options))
        assert.ok(properties[option], option);
    });
});
