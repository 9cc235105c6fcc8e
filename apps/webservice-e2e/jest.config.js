module.exports = { ...require('../../jest.preset.js'), displayName: 'webservice-e2e', rootDir: __dirname };
