// With TASKRUNNER_SLOW_STORE=FILE: while that file is there, each use of the folder of objects takes up to three seconds more. Hung from
// outside on the compiled adapter, as the fault points are.
'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const METHODS = ['put', 'open', 'stat', 'stage', 'probe'];
const SLOWEST_MS = 3_000;

exports.slowDown = (flag) => {
  const { FileObjectStore } = require(
    join(__dirname, '../../../libs/infrastructure/dist/lib/object-store/file-object-store.js'),
  );
  for (const method of METHODS) {
    const original = FileObjectStore.prototype[method];
    if (typeof original !== 'function') throw new TypeError(`a slow store hangs on nothing: FileObjectStore.${method}`);
    FileObjectStore.prototype[method] = async function (...args) {
      if (existsSync(flag)) await new Promise((resolve) => setTimeout(resolve, Math.random() * SLOWEST_MS));
      return original.apply(this, args);
    };
  }
};
