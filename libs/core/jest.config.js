// Specs run in a context of their own, in which each look at a global costs a call: these are given to each module by name, which saves a
// sixth. `Date` is not among them, because fake timers replace it.
const sandboxInjectedGlobals = [
  ...[
    'Array',
    'ArrayBuffer',
    'BigInt',
    'Buffer',
    'Error',
    'JSON',
    'Map',
    'Math',
    'Number',
    'Object',
    'Promise',
    'RegExp',
    'Set',
  ],
  ...['String', 'Symbol', 'TypeError', 'Uint8Array', 'WeakMap', 'parseInt'],
];

module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'core',
  rootDir: __dirname,
  sandboxInjectedGlobals,
};
