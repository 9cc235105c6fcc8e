import { scriptFolder } from './script-folder';

/** Port in the step's own network namespace. */
const PORT = 3128;
const PROXY = `http://127.0.0.1:${PORT}`;
/** Where things stand in the sandbox. */
const SCRIPT = '/egress/forwarder';
const SOCKET = '/egress/proxy.sock';

/**
 * What tells programs to go through the proxy: the spellings that curl, wget, Python, Go and Java tools read, and the switch that makes
 * Node read them. Nothing is excepted.
 */
const ENVIRONMENT = {
  HTTP_PROXY: PROXY,
  HTTPS_PROXY: PROXY,
  ALL_PROXY: PROXY,
  NO_PROXY: '',
  http_proxy: PROXY,
  https_proxy: PROXY,
  all_proxy: PROXY,
  no_proxy: '',
  NODE_USE_ENV_PROXY: '1',
};

/**
 * Starts the forwarder as a child of the namespace's first process, waits for the end of its output, then becomes the step: whose process
 * id, exit and children are then its own. Status 125 says that the step never began.
 */
const WRAPPER = `said=$( (/usr/bin/env -i "$1" ${SCRIPT}/main.js ${SOCKET} ${PORT} </dev/null 2>&1 &) )
[ "$said" = ready ] || { printf '%s\\n' "$said" >&2; exit 125; }
shift
exec "$@"`;

/** The way from a step to its attempt's egress proxy. */
interface Forwarding {
  readonly binds: readonly { readonly source: string; readonly target: string; readonly writable: boolean }[];
  readonly env: { readonly [name: string]: string };
  readonly command: readonly string[];
}

/** `node`: where the sandbox shows it. Nothing is added for a step without a socket: it has no network at all. */
export function forwarding(socket: string | null, node: string, command: readonly string[]): Forwarding {
  if (socket === null) return { binds: [], env: {}, command };
  return {
    binds: [
      { source: scriptFolder('forwarder-process'), target: SCRIPT, writable: false },
      { source: socket, target: SOCKET, writable: true },
    ],
    env: ENVIRONMENT,
    command: ['/bin/sh', '-c', WRAPPER, 'sh', node, ...command],
  };
}
