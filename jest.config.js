module.exports = {
  // A global option: in a project's own configuration it is not read when all run together.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/tools/test-order.cjs',
  projects: [
    'libs/core',
    'libs/infrastructure',
    'apps/webservice',
    'apps/worker',
    'apps/cli',
    'apps/webservice-e2e',
  ].map((folder) => `<rootDir>/${folder}/jest.config.js`),
};
