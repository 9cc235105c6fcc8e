import { contextNamed, withContext, type NamedContext } from './contexts';
import type { ContextFile, Session } from './context-file';
import { expired, Issuer } from './issuer';

/** A token is renewed when it expires within this time, milliseconds. A request takes less. */
const MARGIN_MS = 30_000;

/**
 * The token of a context, renewed if necessary. Only one process renews it at a time, because many issuers end a sign-in whose refresh token is
 * used twice. Throws `CLI_LOGIN_EXPIRED`.
 */
export function sessionToken(file: ContextFile, context: NamedContext): () => Promise<string> {
  const { name, server } = context;
  let known = context.session;
  return async () => {
    if (isFresh(known)) return known.access;
    const after = await file.update(async (contexts) => {
      const stored = contextNamed(contexts, name);
      // Another command may have given the name to another server meanwhile.
      if (stored.server !== server) throw expired();
      // Another process may have renewed it meanwhile.
      if (isFresh(stored.session)) return contexts;
      return withContext(contexts, { ...stored, session: await renewed(stored) });
    });
    known = contextNamed(after, name).session;
    if (known === null) throw expired();
    return known.access;
  };
}

function isFresh(session: Session | null): session is Session {
  return session !== null && session.expiresAt - MARGIN_MS > Date.now();
}

async function renewed({ session, issuer, clientId, scopes, resource }: NamedContext): Promise<Session> {
  if (session?.refresh == null || issuer === null || clientId === null) throw expired();
  const found = await Issuer.discover({ issuer, clientId, scopes: scopes ?? [], resource });
  return found.renew(session.refresh);
}
