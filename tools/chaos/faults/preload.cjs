// `node --require tools/chaos/faults/preload.cjs apps/worker/dist/main.js` attaches the fault points of TASKRUNNER_FAULT to the adapters
// before the program is loaded. With TASKRUNNER_SLOW_STORE it slows down the object store. Without the variables it does nothing.
'use strict';

const { join } = require('node:path');
const { isMainThread } = require('node:worker_threads');
const { POINTS } = require('./points.cjs');
const { Faults, hang, readFaults } = require('./fault.cjs');

const { slowDown } = require('./slow-store.cjs');

const slow = process.env['TASKRUNNER_SLOW_STORE'];
if (slow && isMainThread) slowDown(slow);

const text = process.env['TASKRUNNER_FAULT'];
if (text && isMainThread) {
  const asked = readFaults(text);
  const faults = new Faults(asked);
  for (const point of new Set(asked.map((one) => one.point)))
    for (const seam of POINTS[point])
      hang(point, seam, require(join(__dirname, '../../../libs/infrastructure/dist/lib', seam.file)), faults);
}
