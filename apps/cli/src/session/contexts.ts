import { CliError } from '../terminal/cli-error';
import { remedyForName } from '../terminal/hints/known-names';
import type { Contexts, ServerContext } from './context-file';

/** A context with its name. */
export interface NamedContext extends ServerContext {
  readonly name: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/;

/** Throws `CLI_USAGE` if it cannot be the name of a context. */
export function contextName(text: string): string {
  if (NAME.test(text)) return text;
  throw new CliError(
    'CLI_USAGE',
    'a name of a context has letters, digits and . _ : @ -, at most 64, and begins with a letter or a digit',
    'Use a name such as production.',
  );
}

/** A context of a server that nobody has signed in to. */
export function newContext(name: string, server: string): NamedContext {
  return { name, server, issuer: null, clientId: null, scopes: null, resource: null, session: null };
}

/** What a person has stated about a context. */
interface StatedContext {
  readonly server: string;
  readonly issuer?: string | undefined;
  readonly clientId?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly resource?: string | undefined;
}

/**
 * A context with what a person has stated. The tokens belong to one server, issuer, client and resource: with another one they are dropped,
 * because they would be sent to it. Nothing of another server is kept, and no resource of another issuer.
 */
export function restated(before: NamedContext, stated: StatedContext): NamedContext {
  const known = before.server === stated.server ? before : newContext(before.name, stated.server);
  const { issuer = known.issuer, clientId = known.clientId, scopes = known.scopes } = stated;
  const { resource = issuer === known.issuer ? known.resource : null } = stated;
  const isSame = issuer === known.issuer && clientId === known.clientId && resource === known.resource;
  return { ...known, issuer, clientId, scopes, resource, session: isSame ? known.session : null };
}

/** The context with a name. Throws `CLI_CONTEXT_UNKNOWN`. */
export function contextNamed({ contexts }: Contexts, name: string): NamedContext {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return { name, ...found };
  throw new CliError(
    'CLI_CONTEXT_UNKNOWN',
    `there is no context ${name}`,
    remedyForName(name, Object.keys(contexts), {
      are: 'Contexts are',
      list: 'List contexts with `taskrunner context list`.',
      none: 'Add one with `taskrunner context add` or `taskrunner login --server URL`.',
    }),
  );
}

/** The context that commands use by default; null: none. Throws `CLI_CONTEXT_UNKNOWN` if a removed one is named. */
export function currentContext(contexts: Contexts, env: Readonly<Record<string, string | undefined>>) {
  const name = env['TASKRUNNER_CONTEXT'] || contexts.current;
  return name === null || name === undefined ? null : contextNamed(contexts, name);
}

/** The context to take a token of a server from: the preferred one if it is of the server, otherwise the first that is signed in to it. */
export function contextFor(contexts: Contexts, server: string, preferred: NamedContext | null): NamedContext | null {
  if (preferred?.server === server) return preferred;
  const [found] = Object.entries(contexts.contexts).filter(([, one]) => one.server === server && one.session !== null);
  return found === undefined ? null : { name: found[0], ...found[1] };
}

/** The contexts with one that is changed or added. */
export function withContext({ current, contexts }: Contexts, { name, ...context }: NamedContext): Contexts {
  return { current, contexts: { ...contexts, [name]: context } };
}

/** The contexts without one. */
export function withoutContext({ current, contexts }: Contexts, name: string): Contexts {
  const { [name]: _removed, ...others } = contexts;
  return { current: current === name ? null : current, contexts: others };
}
