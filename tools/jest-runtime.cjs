// Jest gives each test file its own copies of all modules and compiles each module again for it. This runtime compiles a module once per
// Jest worker: V8 keeps the compiled code and binds it to the context of the next file.
const { Script } = require('node:vm');
const Runtime = require('jest-runtime').default;

/** By path. A file may be transformed in two ways. */
const compiled = new Map();

module.exports = class CompilesOnce extends Runtime {
  /**
   * Like Jest's own method, which compiles `source` as the body of a function with Jest's parameters. No module uses `import()` here: see
   * `jest.preset.js`.
   */
  createScriptFromCode(source, filename) {
    const context = this._environment.getVmContext();
    const known = compiled.get(filename);
    if (context === null || (known !== undefined && known.source !== source))
      return super.createScriptFromCode(source, filename);
    if (known !== undefined) return known.script.runInContext(context);
    const head = `(function (${this.constructInjectedModuleParameters().join(',')}) {`;
    let script;
    try {
      script = new Script(`${head}${source}\n})`, { filename, columnOffset: -head.length });
    } catch {
      // Jest's message for a syntax error is better.
      return super.createScriptFromCode(source, filename);
    }
    compiled.set(filename, { source, script });
    return script.runInContext(context);
  }
};
