// The house, checked by machine: floors look down only, no cycles, core stays pure, `run` stays blind.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { rooms } = require('./tools/rooms.cjs');

const CORE = '^libs/core/src/lib/';
const floors = [
  'foundation',
  'canonical',
  'graph',
  'document',
  'schema',
  'expression',
  'policy',
  'pack',
  'egress',
  'secret',
  'plan',
  'planner',
  'gate',
  'schedule',
  'step',
  'run',
  'binding',
  'journal',
  'simulation',
  'evidence',
  'publisher',
  'stored',
  'ports',
  'operations',
];
/** The libraries that a library may import, by the tag `scope:` of both. */
const scopes = {
  core: [],
  infrastructure: ['core'],
  client: [],
};
/** Folders of the projects that are tagged `type:lib`, by their scope. */
const libraries = new Map(
  readdirSync(join(__dirname, 'libs'))
    .map((name) => join(__dirname, 'libs', name, 'project.json'))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')))
    .filter(({ tags }) => tags.includes('type:lib'))
    .map(({ tags, sourceRoot }) => [tags.find((tag) => tag.startsWith('scope:')).slice(6), `^${sourceRoot}/`]),
);
const SPEC = '\\.(spec|int-spec|e2e-spec|long-spec)\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      // The products that the benchmark compares with have a package.json of their own, which is installed when it runs.
      name: 'no-unresolvable',
      severity: 'error',
      from: { pathNot: '^tools/bench/peers/' },
      // Vite makes modules of this kind when the console is built.
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
    ...floors.map((floor, index) => ({
      name: `floor-${floor}-looks-down-only`,
      severity: 'error',
      from: { path: `${CORE}${floor}/` },
      to: {
        path:
          floors
            .slice(index + 1)
            .map((above) => `${CORE}${above}/`)
            .join('|') || '^$',
      },
    })),
    {
      name: 'floors-are-listed',
      comment: 'A new folder in core is a new floor: give it a place in the order first.',
      severity: 'error',
      from: {},
      to: { path: `${CORE}[^/]+/`, pathNot: floors.map((floor) => `${CORE}${floor}/`).join('|') },
    },
    // Specs may look at the whole floor: they are tests of what it does together.
    ...Object.entries(rooms).flatMap(([floor, names]) =>
      names.map((room, index) => ({
        name: `room-${floor.split('/').at(-1)}-${room}-looks-down-only`,
        severity: 'error',
        from: { path: `^${floor}/${room}/`, pathNot: `${SPEC}|/testing/` },
        to: {
          path: [`^${floor}/[^/]+\\.ts$`, ...names.slice(index + 1).map((above) => `^${floor}/${above}/`)].join('|'),
        },
      })),
    ),
    {
      name: 'rooms-are-listed',
      comment:
        'A new folder in a floor or an adapter is a new room: give it a place in the order first (tools/rooms.cjs).',
      severity: 'error',
      from: { pathNot: SPEC },
      to: {
        path: Object.keys(rooms)
          .map((floor) => `^${floor}/[^/]+/`)
          .join('|'),
        pathNot: Object.entries(rooms)
          .flatMap(([floor, names]) => [...names, 'testing'].map((room) => `^${floor}/${room}/`))
          .join('|'),
      },
    },
    {
      name: 'core-has-no-node-built-ins',
      comment: 'sha256 in canonical and signatures in evidence are the two written exceptions.',
      severity: 'error',
      from: { path: CORE, pathNot: `${SPEC}|${CORE}canonical/|${CORE}evidence/encoding/signature` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'client-has-no-node-built-ins',
      comment: 'It runs in browsers too.',
      severity: 'error',
      from: { path: '^libs/client/src/', pathNot: `${SPEC}|/testing/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-imports-only-pure-libraries',
      severity: 'error',
      from: { path: CORE, pathNot: SPEC },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/(@bufbuild/|@jmespath-community/|re2js|yaml)',
      },
    },
    {
      name: 'run-is-blind-to-values',
      severity: 'error',
      from: { path: `${CORE}run/`, pathNot: SPEC },
      to: { path: `${CORE}(expression|binding|policy|document|pack)/` },
    },
    {
      name: 'simulation-and-journal-do-not-meet',
      severity: 'error',
      from: { path: `${CORE}simulation/`, pathNot: SPEC },
      to: { path: `${CORE}journal/` },
    },
    {
      name: 'journal-and-simulation-do-not-meet',
      severity: 'error',
      from: { path: `${CORE}journal/`, pathNot: SPEC },
      to: { path: `${CORE}simulation/` },
    },
    ...[...libraries].map(([scope, path]) => ({
      name: `scope-${scope}-imports-what-it-may`,
      comment: 'What a library may import stands in `scopes`.',
      severity: 'error',
      from: { path },
      to: {
        path: '^(libs|apps|tools)/',
        pathNot: [path, ...(scopes[scope] ?? []).map((one) => libraries.get(one))].join('|'),
      },
    })),
    {
      // Modules are where they meet. A planning thread puts its own adapters together, as a main does: functions do not cross into it. `file-storage`
      // is the database of one adapter in the server of another. `files` is no adapter: it has what Node.js lacks.
      name: 'adapters-do-not-meet',
      severity: 'error',
      from: {
        path: '^libs/infrastructure/src/lib/([^/]+)/',
        pathNot: `${SPEC}|/testing/|\\.module\\.ts$|/planning-thread\\.ts$|/lib/(service|file-storage)/`,
      },
      to: { path: '^libs/infrastructure/src/lib/([^/]+)/', pathNot: '^libs/infrastructure/src/lib/($1|files)/' },
    },
    {
      name: 'adapters-know-no-framework',
      comment:
        'Modules of NestJS provide them. What is no module is used without it: by threads, the command line, verification.',
      severity: 'error',
      from: {
        path: '^libs/infrastructure/src/',
        pathNot: `${SPEC}|\\.module\\.ts$|/lib/composition/|/testing/composition\\.ts$`,
      },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'modules-are-an-entry-of-their-own',
      comment: 'Whoever loads another entry of infrastructure does not load NestJS.',
      severity: 'error',
      from: {
        path: '^libs/infrastructure/src/',
        pathNot: `${SPEC}|\\.module\\.ts$|/lib/composition/|^libs/infrastructure/src/(worker-)?modules\\.ts$`,
      },
      to: { path: '^libs/infrastructure/src/.*\\.module\\.ts$|^libs/infrastructure/src/lib/composition/' },
    },
    {
      name: 'only-modules-and-mains-name-adapters',
      severity: 'error',
      from: {
        path: '^apps/(webservice|worker)/src/',
        pathNot: `${SPEC}|\\.module\\.ts$|/(main|create-webservice|create-worker|serve-quarantine)\\.ts$|/(lease|body)-thread\\.ts$|^apps/(webservice|worker)/src/testing/`,
      },
      to: { path: '^libs/infrastructure/' },
    },
    {
      name: 'console-knows-the-api-only',
      comment:
        'It runs in a browser and speaks HTTP: it imports no library of the services. Of core it has what reads packs, plans and values, so that both agree on what they mean.',
      severity: 'error',
      from: {
        path: '^apps/console/',
        pathNot: `${SPEC}|^apps/console/(default-setting\\.mts$|src/(evidence|playground)/)`,
      },
      to: {
        path: '^(libs/(?!client/|core/(src|dist)/lib/(foundation|gate|pack|plan|run|schema)/)|apps/(?!console/)|tools/)',
      },
    },
    {
      name: 'console-verifies-and-plans-with-core',
      comment: 'It verifies and plans with the code of the command line (docs/adr/0084), and imports nothing else.',
      severity: 'error',
      from: { path: '^apps/console/src/(evidence|playground)/', pathNot: SPEC },
      to: { path: '^(libs/(?!client/|core/|infrastructure/(src|dist)/lib/archive/)|apps/(?!console/)|tools/)' },
    },
    {
      name: 'console-has-no-node-built-ins',
      severity: 'error',
      from: { path: '^apps/console/src/', pathNot: SPEC },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'apps-do-not-meet',
      severity: 'error',
      // A run without a server and `serve` have both services in their process, and load them when they start.
      from: { path: '^apps/([^/]+)/', pathNot: `^apps/webservice-e2e/.*${SPEC}|^apps/cli/src/serve/one-process\\.ts$` },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'tools-are-not-imported',
      severity: 'error',
      // Specs of the whole product are tests, whatever their files are named.
      from: { path: '^(apps|libs)/', pathNot: [SPEC, '^apps/webservice-e2e/'].join('|') },
      to: { path: '^tools/' },
    },
    {
      name: 'test-equipment-stays-in-tests',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: `${SPEC}|/testing/|^apps/webservice-e2e/`,
      },
      to: { path: '^libs/core/src/testing/' },
    },
    {
      name: 'packages-are-declared',
      comment:
        'What a project imports stands in its own package.json: hoisting would find it there today, and not tomorrow.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'production-imports-no-dev-package',
      comment:
        'An image installs no devDependencies. Types alone may be one. `script-folder` compiles sources where there is no build: in tests. `bundle` is a step of the build. The console is one bundle, which contains its packages.',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: `${SPEC}|/testing/|^apps/webservice-e2e/|^apps/console/|^(apps/cli|libs/core|libs/client)/bundle\\.mjs$|^libs/infrastructure/src/lib/sandbox/script-folder\\.ts$`,
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'typeorm-is-for-migrations',
      comment: 'ADR 50: a list by entities takes twice as long. Whoever does not migrate does not load it either.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '/postgres/(schema/data-source|migrations/sql-migration)\\.ts$' },
      to: { path: 'node_modules/typeorm/' },
    },
    {
      name: 'no-deep-import-into-a-library',
      severity: 'error',
      from: { path: '^(apps|tools)/' },
      to: {
        path: '^libs/([^/]+)/src/',
        pathNot:
          '^libs/[^/]+/src/(index|lease|modules|threads|worker-modules|testing/(composition|index|installation)|lib/[^/]+/index)\\.ts$',
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.depcruise.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '/dist/' },
    // Orphans and dependents of each module: no rule reads them.
    skipAnalysisNotInRules: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'require', 'node', 'default'],
      // Milliseconds: no file changes while it looks.
      cachedInputFileSystem: { cacheDuration: 600_000 },
    },
  },
};
