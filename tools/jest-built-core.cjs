// Specs of other projects load core as it is built: one file, where its sources are 480 modules that each file of tests would load anew
// (ADR 68). Whoever changes core builds it first; `nx test` does.
const { join } = require('node:path');

const dist = join(__dirname, '../libs/core/dist');

/** A configuration of Jest that loads core as it is built. Its equipment for tests is another file, with copies of its own of core's classes. */
exports.withBuiltCore = (configuration) => ({
  ...configuration,
  transformIgnorePatterns: [...configuration.transformIgnorePatterns, '/libs/core/dist/'],
  moduleNameMapper: {
    ...configuration.moduleNameMapper,
    '^@taskrunner/core$': join(dist, 'index.js'),
    '^@taskrunner/core/testing$': join(dist, 'jest/testing.js'),
  },
});
