// Starts an embedded database from the sources, reports it in one JSON line, and then waits to be killed.
// argv: the options of startEmbeddedPostgres as JSON.
const { transformFileSync } = require('@swc/core');
const { resolve } = require('node:path');
const Module = require('node:module');

const options = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
  module: { type: 'commonjs' },
  swcrc: false,
};
require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
const find = Module._resolveFilename;
const core = resolve(__dirname, '../../../../../core/src/lib');
const sourceOf = (request) => request.replace(/^@taskrunner\/core\/([a-z]+)$/, `${core}/$1/index.ts`);
Module._resolveFilename = (request, ...rest) => find(sourceOf(request), ...rest);

const { startEmbeddedPostgres } = require('../embedded-postgres.ts');
startEmbeddedPostgres(JSON.parse(process.argv[2])).then(
  ({ pid, port, pgdata }) => {
    console.log(JSON.stringify({ pid, port, pgdata }));
    setInterval(() => undefined, 60_000);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
