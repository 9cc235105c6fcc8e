module.exports = {
  ...require('../../jest.built-core.js'),
  displayName: 'webservice',
  rootDir: __dirname,
  globalSetup: '../../tools/jest-cluster.cjs',
  globalTeardown: '../../tools/jest-cluster-removed.cjs',
};
