export type { EgressErrorCode } from './egress-error';
