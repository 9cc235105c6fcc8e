const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'console',
  rootDir: __dirname,
  transform: {
    ...preset.transform,
    // Components, with the element function that shows hidden characters, as in vite.config.mts.
    '^.+\\.tsx$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: '#shown' } },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  moduleNameMapper: {
    ...preset.moduleNameMapper,
    '^#shown/(.*)$': '<rootDir>/src/shown/$1.ts',
    // Vite loads style sheets. Tests have none.
    '\\.css$': '<rootDir>/jest.no-style.cjs',
  },
};
