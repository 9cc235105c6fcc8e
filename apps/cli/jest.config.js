module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'cli',
  rootDir: __dirname,
  globalSetup: '../../tools/jest-cluster.cjs',
  globalTeardown: '../../tools/jest-cluster-removed.cjs',
};
