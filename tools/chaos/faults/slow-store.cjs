// With TASKRUNNER_SLOW_STORE=FILE, each access to the object folder takes up to three seconds longer while that file exists. Attached from
// outside to the compiled adapter, like the fault points.
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
