// One Jest set-up for every project: swc compiles, TypeScript checks apart (`npm run check`).
// Packages that ship as ES modules only, or that import() at run time, are compiled to CommonJS, since Jest on Node 20 can do neither.
const esmOnly = [
  'jose',
  'oidc-provider',
  '@kubernetes/client-node',
  '@opentelemetry/otlp-exporter-base',
  'openid-client',
  'oauth4webapi',
  '@noble/curves',
  '@noble/hashes',
];
const typescript = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'commonjs' },
};
const isWhole = process.env.TASKRUNNER_TESTS === 'all';
const ecmascript = { jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } }, module: { type: 'commonjs' } };

module.exports = {
  testEnvironment: 'node',
  // What takes too long for every change is in `*.long-spec.ts`: `npm run test:all` runs it.
  testMatch: ['spec', 'int-spec', 'e2e-spec', ...(isWhole ? ['long-spec'] : [])].map(
    (kind) => `<rootDir>/src/**/*.${kind}.ts`,
  ),
  transform: {
    // Before the others: the first that matches counts.
    '/node_modules/@kubernetes/client-node/dist/index\\.js$': `${__dirname}/tools/jest-one-file.cjs`,
    '^.+\\.ts$': ['@swc/jest', typescript],
    '^.+\\.m?js$': ['@swc/jest', ecmascript],
  },
  transformIgnorePatterns: [`node_modules/(?!(${esmOnly.join('|')})/)`],
  moduleNameMapper: {
    // Entries of their own stand beside `lib`; every other one is a folder in it.
    '^@taskrunner/client$': `${__dirname}/libs/client/src/index.ts`,
    '^@taskrunner/infrastructure/testing/(composition|installation)$': `${__dirname}/libs/infrastructure/src/testing/$1.ts`,
    '^@taskrunner/(core|infrastructure)/testing$': `${__dirname}/libs/$1/src/testing/index.ts`,
    '^@taskrunner/infrastructure/(lease|threads|modules|worker-modules)$': `${__dirname}/libs/infrastructure/src/$1.ts`,
    '^@taskrunner/(core|infrastructure)/([a-z-]+)$': `${__dirname}/libs/$1/src/lib/$2/index.ts`,
    // What is loaded only when it is meant is named by its compiled file.
    '^(\\./(?:(?:commands|help)/(?:(?:session|database|local)/)?[\\w.-]+|data-source|kubernetes-engine|open-registries|podman-engine|server|s3-destination|s3-object-store))\\.js$':
      '$1',
    '^(\\./(?:kept-[a-z]+|live-api)|(?:\\.\\./)+(?:local|server)/[a-z-]+)\\.js$': '$1',
  },
  runtime: `${__dirname}/tools/jest-runtime.cjs`,
  testSequencer: `${__dirname}/tools/test-order.cjs`,
  testTimeout: isWhole ? 3_600_000 : 60_000,
};
