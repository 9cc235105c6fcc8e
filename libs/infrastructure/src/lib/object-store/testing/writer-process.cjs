// A process that stores one object, from the sources, and says how far it is; it is there to be killed.
// argv: {choice, tenant, mebibytes, endless} as JSON. Writes a line for each mebibyte that was taken, then `done`.
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
const sourceOf = (request) =>
  request.replace(/^@taskrunner\/core\/([a-z]+)$/, `${core}/$1/index.ts`).replace(/^(\.{1,2}\/.*)\.js$/, '$1');
// Sources name each other as what they become.
Module._resolveFilename = (request, from, ...rest) =>
  find(from?.filename.endsWith('.ts') ? sourceOf(request) : request, from, ...rest);

const { openObjectStore } = require('../open-object-store.ts');
const { choice, tenant, mebibytes, endless } = JSON.parse(process.argv[2]);

async function* content() {
  for (let at = 1; at <= mebibytes; at++) {
    yield Buffer.alloc(1024 * 1024, at);
    console.log(at);
  }
  if (endless) await new Promise((resolve) => setTimeout(resolve, 600_000));
}

openObjectStore(choice)
  .then((store) => store.put(tenant, content(), { maxBytes: 1024 ** 3 }))
  .then(({ digest }) => console.log(`done ${digest}`));
