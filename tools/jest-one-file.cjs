// A Jest transform for a package with hundreds of ES modules: its entry becomes one CommonJS file. Compiled one by one, the modules of
// `@kubernetes/client-node` take eight seconds of processor time in a new checkout.
const { createHash } = require('node:crypto');
const { buildSync, version } = require('esbuild');

module.exports = {
  getCacheKey: (source, file) =>
    createHash('sha256').update([version, file, source, __filename].join('\0')).digest('hex'),
  process: (_source, file) => {
    const { outputFiles } = buildSync({
      ...{ entryPoints: [file], bundle: true, platform: 'node', format: 'cjs', target: 'node20', write: false },
      // Its dependencies remain modules of their own, which Jest loads as it would without this file.
      ...{ packages: 'external', minifyWhitespace: true, logLevel: 'silent' },
    });
    return { code: outputFiles[0].text };
  },
};
