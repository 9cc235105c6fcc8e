import type { KeptRuns, UnfinishedRun } from './kept-runs';
import { openLocalAuthority } from './local-authority';
import { localUser } from './local-person';
import { Server } from '../server/server';
import { socketFetch } from './socket-fetch';

/**
 * Sends a request to the process that executes a run, as the person of the account. Null: it does not answer, because it has ended or has not
 * opened its socket yet.
 */
export async function askOwner(kept: KeptRuns, { facts }: UnfinishedRun, request: Request): Promise<Response | null> {
  if (facts.socket === null) return null;
  const authority = await openLocalAuthority(kept.local);
  request.headers.set('authorization', `Bearer ${authority.tokenFor(localUser(), facts.grants)}`);
  try {
    return await socketFetch(facts.socket).fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return null;
  }
}

/** The API of the process that executes a run, as the person of the account. Null: it has not opened its socket yet. */
export async function liveServer(kept: KeptRuns, { facts }: UnfinishedRun): Promise<Server | null> {
  const { socket, grants } = facts;
  if (socket === null) return null;
  const authority = await openLocalAuthority(kept.local);
  return new Server('http://localhost', async () => authority.tokenFor(localUser(), grants), socketFetch(socket).fetch);
}
