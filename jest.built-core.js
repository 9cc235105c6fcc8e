// Jest's set-up of projects whose specs load core as it is built: one file, where its sources are 480 modules that each file of tests would load
// anew (ADR 68). Whoever changes core builds it first; `nx test` does. The equipment for tests is another file, with copies of its own of core's
// classes.
const { join } = require('node:path');
const preset = require('./jest.preset.js');

const dist = join(__dirname, 'libs/core/dist');

module.exports = {
  ...preset,
  transformIgnorePatterns: [...preset.transformIgnorePatterns, '/libs/core/dist/'],
  moduleNameMapper: {
    // Before those of the preset: the first that matches counts.
    '^@taskrunner/core/testing$': join(dist, 'jest/testing.js'),
    '^@taskrunner/core/([a-z]+)$': join(dist, 'lib/$1/index.js'),
    ...preset.moduleNameMapper,
  },
};
