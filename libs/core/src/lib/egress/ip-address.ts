/** An IP address as its bytes: 4 or 16. */
export type IpAddress = readonly number[];

const DECIMAL = /^(?:0|[1-9][0-9]{0,2})$/;

/** The bytes of an IP address, or null. Strict: four decimal parts without leading zeros, or RFC 4291 §2.2 text without a zone. */
export function parseIp(text: string): IpAddress | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => DECIMAL.test(part) && Number(part) <= 255)) return null;
  return parts.map(Number);
}

function parseIpv6(text: string): IpAddress | null {
  if (text.length > 45) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, index) => groups(half, index === halves.length - 1));
  if (head == null || tail === null) return null;
  if (tail === undefined) return head.length === 16 ? head : null;
  const zeros = 16 - head.length - tail.length;
  // `::` stands for at least one group (RFC 5952 §4.2.2 would have it stand for two; RFC 4291 allows one).
  return zeros >= 2 ? [...head, ...new Array<number>(zeros).fill(0), ...tail] : null;
}

/** The bytes of groups between colons; the very last may be an IPv4 address. */
function groups(text: string, isLast: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const isIpv4 = isLast && index === parts.length - 1 && part.includes('.');
    const ipv4 = isIpv4 ? parseIpv4(part) : null;
    if (ipv4 !== null) bytes.push(...ipv4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) bytes.push(parseInt(part, 16) >> 8, parseInt(part, 16) & 255);
    else return null;
  }
  return bytes;
}

/** A block of addresses. */
export interface Cidr {
  readonly base: IpAddress;
  readonly bits: number;
}

/** A block of addresses written as `10.1.0.0/16`, or null; bits below the prefix must be zero. */
export function parseCidr(text: string): Cidr | null {
  const [address = '', prefix = '', more] = text.split('/');
  const base = parseIp(address);
  if (base === null || more !== undefined || !DECIMAL.test(prefix) || Number(prefix) > base.length * 8) return null;
  const cidr = { base, bits: Number(prefix) };
  return base.every((byte, index) => (byte & ~maskOf(cidr.bits, index) & 255) === 0) ? cidr : null;
}

/** True if the block holds the address. */
export function holds({ base, bits }: Cidr, address: IpAddress): boolean {
  return (
    base.length === address.length &&
    base.every((byte, index) => ((byte ^ (address[index] ?? 0)) & maskOf(bits, index)) === 0)
  );
}

function maskOf(bits: number, index: number): number {
  const ones = Math.min(8, Math.max(0, bits - index * 8));
  return (0xff << (8 - ones)) & 255;
}
