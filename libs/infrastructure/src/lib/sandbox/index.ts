export type { SandboxErrorCode } from './launch/sandbox-error';
export { openSandboxes, type OpenedSandboxes } from './open-sandboxes';
export { probeSandbox } from './probe';
export { Supervisor } from './supervisor';
