export { keepCompiledCode } from './compiled-code';
export { openSandboxes, type OpenedSandboxes } from './open-sandboxes';
