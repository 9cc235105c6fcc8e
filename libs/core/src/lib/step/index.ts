export { idempotencyKey } from './idempotency-key';
