import { connectIfNamed, noServer, type ConnectionOptions } from '../server/connection';
import type { Server } from '../server/server';
import type { KeptRuns } from './kept-runs';

/** What commands that read runs read them from. */
export interface RunSource {
  readonly server: Server;
  /** Null: a server is set. */
  readonly kept: KeptRuns | null;
}

/** The server of the options, or the kept runs of this account if none is set. Throws as `connect`, and `CLI_SERVER_MISSING` if there is neither. */
export async function serverOrKept(
  options: ConnectionOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunSource> {
  const named = await connectIfNamed(options, env);
  if (named !== null) return { server: named, kept: null };
  return keptServer(env);
}

/** The kept runs of this account, as what answers the API. Throws `CLI_SERVER_MISSING` if there is none. */
export async function keptServer(
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly server: Server; readonly kept: KeptRuns }> {
  const { KeptRuns: Kept } = await import('./kept-runs.js');
  const kept = await Kept.of(env);
  if (kept === null) throw noServer('no server is set, and this account has no kept runs');
  const [{ Server: Remote }, { keptFetch }] = await Promise.all([
    import('../server/server.js'),
    import('./kept-fetch.js'),
  ]);
  const fetch = keptFetch(kept, () => Kept.of(env));
  // Nothing is sent to this address.
  return { server: new Remote('http://localhost', () => Promise.resolve('kept'), fetch), kept };
}
