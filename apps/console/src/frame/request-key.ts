/** A key for one request: the server does it once, however often it is sent (`Idempotency-Key`). */
export function newKey(): string {
  return crypto.randomUUID();
}
