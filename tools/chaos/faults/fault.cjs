// Parses and executes `TASKRUNNER_FAULT`: `point[@label]:n[:SIGNAL]`, separated by commas. At the n-th pass of the point this process gets
// the signal (default: SIGKILL).
'use strict';

const { POINTS } = require('./points.cjs');
const SIGNALS = ['SIGKILL', 'SIGSTOP', 'SIGABRT'];

function readFaults(text) {
  return text.split(',').map((one) => {
    const match = /^([a-z-]+)(?:@([^:,]+))?:(\d+)(?::([A-Z]+))?$/.exec(one);
    const [, point, label = null, n, signal = 'SIGKILL'] = match ?? [];
    if (!match || !(point in POINTS) || Number(n) < 1 || !SIGNALS.includes(signal))
      throw new TypeError(`not a fault: ${one}`);
    return { point, label, n: Number(n), signal };
  });
}

/** Counts passes and acts when a fault is due. `act`: sends the signal to this process. */
class Faults {
  constructor(faults, act = (signal) => process.kill(process.pid, signal)) {
    this.left = faults.map((fault) => ({ ...fault }));
    this.act = act;
  }

  pass(point, label = null) {
    for (const fault of this.left) {
      if (fault.point !== point || (fault.label !== null && fault.label !== label)) continue;
      fault.n -= 1;
      if (fault.n === 0) this.act(fault.signal);
    }
  }
}

/** Patches a seam on its class. Throws if the class or the method does not exist. */
function hang(point, { type, method, moment, callback, when = () => true, label = () => null }, exported, faults) {
  const prototype = exported[type]?.prototype;
  const original = prototype?.[method];
  if (typeof original !== 'function')
    throw new TypeError(`the fault point ${point} hangs on nothing: ${type}.${method}`);
  const pass = (args, result) => {
    if (when(args, result)) faults.pass(point, label(args));
  };
  const hung = {
    before(...args) {
      pass(args);
      return original.apply(this, args);
    },
    async after(...args) {
      const result = await original.apply(this, args);
      pass(args, result);
      return result;
    },
    callback(...args) {
      const called = this[callback];
      if (typeof called !== 'function')
        throw new TypeError(`the fault point ${point} hangs on nothing: ${type}.${callback}`);
      if (!called.isHung)
        this[callback] = Object.assign(
          (...said) => {
            pass(args);
            return called(...said);
          },
          { isHung: true },
        );
      return original.apply(this, args);
    },
  };
  prototype[method] = hung[moment];
}

module.exports = { readFaults, Faults, hang };
