module.exports = { ...require('../../jest.preset.js'), displayName: 'webservice', rootDir: __dirname };
