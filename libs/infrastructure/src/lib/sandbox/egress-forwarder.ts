import { scriptFolder } from './script-folder';

/** Port in the step's own network namespace. */
const PORT = 3128;
const PROXY = `http://127.0.0.1:${PORT}`;
/** Paths in the sandbox. */
const SCRIPT = '/egress/forwarder';
const SOCKET = '/egress/proxy.sock';

/**
 * Variables that direct programs to the proxy, in the spellings of curl, wget, Python, Go and Java, and the option that makes Node read
 * them. No host is excluded.
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
 * Starts the forwarder as a child of the namespace's first process, waits until its output closes, and then executes the step in its own
 * place. Process id, exit and children are therefore the step's. Status 125 means that the step never started.
 */
const WRAPPER = `said=$( (/usr/bin/env -i "$1" ${SCRIPT}/main.js ${SOCKET} ${PORT} </dev/null 2>&1 &) )
[ "$said" = ready ] || { printf '%s\\n' "$said" >&2; exit 125; }
shift
exec "$@"`;

/** The connection of a step to its egress socket. */
interface Forwarding {
  readonly binds: readonly { readonly source: string; readonly target: string; readonly writable: boolean }[];
  readonly env: { readonly [name: string]: string };
  readonly command: readonly string[];
}

/** `node`: path of Node in the sandbox. A step without a socket gets no forwarder and has no network. */
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
