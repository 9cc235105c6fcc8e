module.exports = {
  projects: [
    'libs/core',
    'libs/infrastructure',
    'apps/webservice',
    'apps/worker',
    'apps/cli',
    'apps/webservice-e2e',
  ].map((folder) => `<rootDir>/${folder}/jest.config.js`),
};
