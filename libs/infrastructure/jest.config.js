const { withBuiltCore } = require('../../tools/jest-built-core.cjs');

module.exports = {
  ...withBuiltCore(require('../../jest.preset.js')),
  displayName: 'infrastructure',
  rootDir: __dirname,
  globalSetup: '../../tools/jest-cluster.cjs',
  globalTeardown: '../../tools/jest-cluster-removed.cjs',
};
