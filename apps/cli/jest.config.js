const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'cli',
  rootDir: __dirname,
  // What is loaded only when it is meant is named by its compiled file.
  moduleNameMapper: { ...preset.moduleNameMapper, '^(\\./commands/.*)\\.js$': '$1' },
};
