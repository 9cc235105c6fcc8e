// Where the specs of whole stacks run: as Jest's own, but that `askStacks` asks the process which keeps the stacks of this worker of Jest. It is
// started when first asked, and ends with the worker.
const { fork } = require('node:child_process');
const { join } = require('node:path');
const { TestEnvironment } = require('jest-environment-node');

let owner = null;

/** Asks for a call; resolves to its value and the stack's state after it. `onLine` is told each line that the stack's processes write. */
function ask(call, number, args, onLine) {
  owner ??= new Owner();
  return owner.ask(call, number, args, onLine);
}

class Owner {
  asked = new Map();
  listeners = new Map();
  ids = 0;

  constructor() {
    this.child = fork(join(__dirname, 'stack-owner.mjs'), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    // It shall not keep the worker alive.
    this.child.unref();
    this.child.channel.unref();
    this.child.on('message', (message) => this.take(message));
    this.child.on('exit', (code, signal) => {
      for (const { reject } of this.asked.values()) reject(new Error(`the stacks are gone: ${signal ?? code}`));
      owner = null;
    });
  }

  ask(call, number, args, onLine) {
    const id = ++this.ids;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, onLine });
      this.child.send({ id, call, number, args });
    });
  }

  take({ id, number, line, name, value, state, error }) {
    // A stack tells lines while it starts too: then its number is not known here yet, and there is one listener that waits.
    if (line !== undefined) {
      const waiting = [...this.asked.values()].find(({ onLine }) => onLine !== undefined)?.onLine;
      return (this.listeners.get(number) ?? waiting)?.(name, line);
    }
    const { resolve, reject, onLine } = this.asked.get(id);
    this.asked.delete(id);
    if (error !== undefined) return reject(new Error(error));
    if (onLine !== undefined) this.listeners.set(state.number, onLine);
    resolve({ value, state });
  }
}

module.exports = class StackEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.askStacks = ask;
  }
};
