#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const dist = join(__dirname, '..', 'dist');
const main = join(dist, 'main.js');
const bundle = join(dist, 'bundle');
if (!existsSync(main)) {
  process.stderr.write('taskrunner is not built yet.\nhelp: run `npm ci && npm run build` in the repository root.\n');
  process.exit(1);
}
// A build by the compiler alone has no bundle, and runs the same modules one by one.
if (existsSync(join(bundle, 'main.js'))) require('./bundle').runBundle(bundle, process.argv.slice(2), process.env);
else require(main);
