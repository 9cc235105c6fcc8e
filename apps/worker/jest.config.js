// Specs run in a context of their own, in which each look at a global costs a call: the harness's are given to its modules by name.
const sandboxInjectedGlobals = [
  'Array',
  'Date',
  'Error',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'Set',
  'String',
  'Symbol',
  'WeakMap',
  'parseInt',
];

module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'worker',
  rootDir: __dirname,
  globalSetup: '../../tools/jest-cluster.cjs',
  globalTeardown: '../../tools/jest-cluster-removed.cjs',
  sandboxInjectedGlobals,
};
