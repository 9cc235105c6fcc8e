export { keepCompiledCode, optimizeSooner } from './compiled-code';
export { openSandboxes, type OpenedSandboxes } from './open-sandboxes';
