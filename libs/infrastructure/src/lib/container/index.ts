export type { ContainerErrorCode } from './container-error';
