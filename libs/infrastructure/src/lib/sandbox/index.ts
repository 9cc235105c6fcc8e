export type { SandboxErrorCode } from './launch/sandbox-error';
export { probeSandbox } from './probe';
export { Supervisor } from './supervisor';
