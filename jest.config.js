module.exports = {
  // A global option: in a project's own configuration it is not read when all run together.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/tools/test-order.cjs',
  projects: ['<rootDir>/libs/*/jest.config.js', '<rootDir>/apps/*/jest.config.js'],
};
