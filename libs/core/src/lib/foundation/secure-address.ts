/** True for `localhost` and literal loopback addresses, as a host or as a `hostname` of a URL. Other names are not resolved. */
export function isLoopbackHost(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.test(host)
  );
}

/** True for an https URL, and for an http URL on loopback. */
export function isSecureAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}

/**
 * The first member of a discovery document (OpenID Connect Discovery 1.0 §3) that is an address to use and neither https nor, of an issuer
 * on loopback, http on loopback; null: all are. A browser opens some of them: a program would also open files and other applications.
 */
export function insecureEndpoint(issuer: string, document: Readonly<Record<string, unknown>>): string | null {
  for (const [name, value] of Object.entries(document)) {
    if (value === undefined || !(name.endsWith('_endpoint') || name === 'jwks_uri')) continue;
    if (typeof value !== 'string' || !isEndpoint(issuer, value)) return name;
  }
  return null;
}

/** True if an issuer may name the address. */
export function isEndpoint(issuer: string, address: string): boolean {
  return isSecureAddress(address) && (new URL(address).protocol === 'https:' || new URL(issuer).protocol === 'http:');
}
