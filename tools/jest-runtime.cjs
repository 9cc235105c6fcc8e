// Jest gives each file of tests its own copies of all modules, and compiles each module anew for it. Here a module is compiled once for each
// worker of Jest: V8 keeps what it has compiled, and binds it to the context of the next file.
const { Script } = require('node:vm');
const Runtime = require('jest-runtime').default;

/** By path; a file may be transformed in two ways. */
const compiled = new Map();

module.exports = class CompilesOnce extends Runtime {
  /** Jest's own, which compiles `source` as the body of a function of Jest's names. No module is imported by `import()` here: see `jest.preset.js`. */
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
      // Jest tells a syntax error better.
      return super.createScriptFromCode(source, filename);
    }
    compiled.set(filename, { source, script });
    return script.runInContext(context);
  }
};
