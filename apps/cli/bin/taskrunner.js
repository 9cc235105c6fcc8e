#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const main = join(__dirname, '..', 'dist', 'main.js');
if (!existsSync(main)) {
  process.stderr.write('taskrunner is not built yet.\nhelp: run `npm ci && npm run build` in the repository root.\n');
  process.exit(1);
}
require(main);
