module.exports = {
  ...require('../../jest.built-core.js'),
  displayName: 'webservice-e2e',
  rootDir: __dirname,
  testEnvironment: `${__dirname}/stack-environment.cjs`,
  globalSetup: '../../tools/jest-cluster.cjs',
  globalTeardown: '../../tools/jest-cluster-removed.cjs',
};
