import { isLoopbackHost } from '@taskrunner/core/foundation';
import type { Configuration } from '../configuration';
import type { Notes } from '../configuration-fault';

/** The development Authority and a local one are reachable by nobody who should not be their people. */
export function checkAuthorities(configuration: Configuration, notes: Notes): void {
  if (configuration.authority.development) checkDevelopment(configuration, notes);
  checkLocal(configuration, notes);
}

/** The development Authority issues tokens for any name, so nothing of it may be reachable from elsewhere. */
function checkDevelopment({ http, authority }: Configuration, notes: Notes): void {
  const refuse = (at: string, what: string) =>
    notes.fault('CONFIG_UNSAFE', at, `With authority.development ${what} must be on loopback.`);
  if (http.socket === null && !isLoopbackHost(http.host)) refuse('/http/host', 'http.host');
  if (http.publicUrl !== null && !isLoopbackHost(new URL(http.publicUrl).hostname))
    refuse('/http/publicUrl', 'http.publicUrl');
  authority.issuers.forEach(({ issuer }, index) => {
    if (!isLocalName(issuer) && !isLoopbackHost(new URL(issuer).hostname))
      refuse(`/authority/issuers/${index}/issuer`, 'every issuer');
  });
}

function isLocalName(issuer: string): boolean {
  return issuer.startsWith('local:');
}

/** A local Authority signs for any name that its account chooses, so no other account may reach it. */
function checkLocal({ http, authority }: Configuration, notes: Notes): void {
  const { local, development, issuers } = authority;
  if (local && development)
    notes.fault(
      'CONFIG_CONFLICT',
      '/authority/local',
      'authority.local and authority.development are different Authorities.',
      'Set one of the two.',
      ['/authority/local', '/authority/development'],
    );
  if (local && http.socket === null)
    notes.fault(
      'CONFIG_UNSAFE',
      '/http/socket',
      'With authority.local the API must listen on a socket that only its account can reach.',
      'Set http.socket.',
      ['/http/socket', '/authority/local'],
    );
  issuers.forEach(({ issuer }, index) => {
    if (isLocalName(issuer) === local) return;
    notes.fault(
      'CONFIG_UNSAFE',
      `/authority/issuers/${index}/issuer`,
      local
        ? 'With authority.local every issuer must be local.'
        : 'A local issuer proves nothing to others, and needs authority.local.',
      local ? 'Use local: and a host name, or remove the issuer.' : 'Use the URL of the issuer.',
      [`/authority/issuers/${index}/issuer`, '/authority/local'],
    );
  });
}

/** The address of a socket has room for 107 bytes (unix(7)), and `.health` follows the path. */
const SOCKET_BYTES = 100;

export function checkSocket({ http: { socket } }: Configuration, notes: Notes): void {
  if (socket !== null && Buffer.byteLength(socket) > SOCKET_BYTES)
    notes.fault(
      'CONFIG_RANGE',
      '/http/socket',
      `http.socket must have at most ${SOCKET_BYTES} bytes; it has ${Buffer.byteLength(socket)}.`,
      'Use a folder with a shorter path.',
    );
}
