import { CodedError } from '@taskrunner/core/foundation';

/** Address of a service, and the configuration key that sets it. */
export interface ListeningPlace {
  readonly key: 'http.port' | 'http.healthPort';
  readonly host: string;
  readonly port: number;
}

type Cause = readonly [what: string, help: string];

const NO_SUCH_ADDRESS: Cause = [
  'the machine does not have the address',
  'Set http.host to an address of this machine.',
];

/** Meaning and remedy of each error of `listen`, by code of the operating system. */
const CAUSES: ReadonlyMap<unknown, (place: ListeningPlace) => Cause> = new Map<
  unknown,
  (place: ListeningPlace) => Cause
>([
  [
    'EADDRINUSE',
    ({ key, port }) => [
      'another process uses the address',
      `Stop that process (\`ss -ltnp 'sport = :${port}'\` names it), or set ${key} to a port that is free.`,
    ],
  ],
  [
    'EACCES',
    ({ key }) => [
      'this user may not listen on this port',
      `Set ${key} to a port that this user may use, usually 1024 or higher.`,
    ],
  ],
  ['EADDRNOTAVAIL', () => NO_SUCH_ADDRESS],
  ['ENOTFOUND', () => NO_SUCH_ADDRESS],
  ['EAI_AGAIN', () => NO_SUCH_ADDRESS],
]);

/**
 * Starts to listen. Returns the result of `listen`.
 * @throws CodedError `PORT_UNAVAILABLE` if the operating system refuses the address
 */
export async function listenOn<Listening>(
  app: { listen(port: number, host: string): Promise<Listening> },
  place: ListeningPlace,
): Promise<Listening> {
  const { key, host, port } = place;
  try {
    return await app.listen(port, host);
  } catch (error) {
    const { code } = error as { code?: unknown };
    const cause = CAUSES.get(code)?.(place);
    if (cause === undefined) throw error;
    const [what, help] = cause;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const message = `${key}: cannot listen on ${address}: ${what} (${String(code)})`;
    throw new CodedError('PORT_UNAVAILABLE', message, help, [], { cause: error });
  }
}
