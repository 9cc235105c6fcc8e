/**
 * A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, the version, a 12-bit counter (it saturates), the variant, 62 bits of
 * `random`, a UUID of version 4.
 */
export function uuidV7(at: number, counter: number, random: string): string {
  const time = at.toString(16).padStart(12, '0');
  const place = Math.min(counter, 0xfff).toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${place}-${random.slice(19)}`;
}
