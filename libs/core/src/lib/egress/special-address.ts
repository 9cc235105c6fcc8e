import { type Cidr, holds, type IpAddress, parseCidr, parseIp } from './ip-address';

function blocks(...texts: readonly string[]): readonly Cidr[] {
  return texts.map((text) => parseCidr(text) as Cidr);
}

/** IPv4 blocks that are not part of the public internet: IANA special-purpose registry, multicast, reserved, and a cloud's own endpoint. */
const SPECIAL_V4 = blocks(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
);

/** The only IPv6 block that is assigned as public; everything else is special (RFC 4291 §2.4). */
const [GLOBAL_V6] = blocks('2000::/3') as [Cidr];
const SPECIAL_V6 = blocks('2001::/23', '2001:db8::/32', '2620:4f:8000::/48', '3fff::/20');

/** IPv6 blocks with an embedded IPv4 address, and its offset: IPv4-mapped, NAT64 (RFC 6052), 6to4 (RFC 3056). */
const WRAPPERS: readonly { readonly block: Cidr; readonly from: number }[] = [
  { block: parseCidr('::ffff:0:0/96') as Cidr, from: 12 },
  { block: parseCidr('64:ff9b::/96') as Cidr, from: 12 },
  { block: parseCidr('2002::/16') as Cidr, from: 2 },
];

/** True unless the address belongs to the public internet. Invalid text is special. Embedded IPv4 addresses are checked. */
export function isSpecialAddress(ip: string): boolean {
  const address = parseIp(ip);
  return address === null || isSpecial(address);
}

/** The IPv4 address embedded in an IPv6 one, or the address itself. */
export function unwrapped(address: IpAddress): IpAddress {
  const wrapper = WRAPPERS.find(({ block }) => holds(block, address));
  return wrapper === undefined ? address : address.slice(wrapper.from, wrapper.from + 4);
}

function isSpecial(address: IpAddress): boolean {
  const inner = unwrapped(address);
  if (inner.length === 4) return SPECIAL_V4.some((block) => holds(block, inner));
  return !holds(GLOBAL_V6, inner) || SPECIAL_V6.some((block) => holds(block, inner));
}
