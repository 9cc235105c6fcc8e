// Lets a process of a test load the TypeScript sources of this library and of core.
const { transformFileSync } = require('@swc/core');
const { existsSync } = require('node:fs');
const { dirname, resolve } = require('node:path');
const Module = require('node:module');

const options = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'commonjs' },
  swcrc: false,
};
require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
const find = Module._resolveFilename;
const core = resolve(__dirname, '../../../../../core/src/lib');

/** What is loaded only when it is needed is named by its compiled file. */
function sourceOf(request, parent) {
  const compiled = /^\..*\.js$/.test(request) && resolve(dirname(parent?.filename ?? ''), request);
  if (compiled && !existsSync(compiled)) return compiled.replace(/\.js$/, '.ts');
  return request.replace(/^@taskrunner\/core\/([a-z-]+)$/, `${core}/$1/index.ts`);
}
Module._resolveFilename = (request, parent, ...rest) => find(sourceOf(request, parent), parent, ...rest);
