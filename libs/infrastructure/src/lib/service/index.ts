export { openSandboxes, type OpenedSandboxes } from './open-sandboxes';
