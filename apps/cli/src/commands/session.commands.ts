import type { Command } from 'commander';
import { serverUrl } from '../server/connection';
import { browserOf, openBrowser } from '../session/browser';
import { ContextFile, type Session } from '../session/context-file';
import {
  contextName,
  contextNamed,
  currentContext,
  withContext,
  withoutContext,
  type NamedContext,
} from '../session/contexts';
import { Issuer, type IssuerFacts } from '../session/issuer';
import { loginSettings } from '../session/login-settings';
import { Loopback } from '../session/loopback';
import type { Contexts } from '../session/context-file';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Column } from '../lists/table';
import type { Context } from './context';
import { printAs, printList, withOutput } from './options';

interface IssuerOptions {
  readonly output: string;
  readonly server?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: readonly string[];
}

interface LoginOptions extends IssuerOptions {
  readonly context?: string;
  readonly device?: boolean;
  readonly browser: boolean;
  readonly timeout: string;
}

/** `login`, `logout` and `context …`: servers with their sign-ins. */
export function registerSession(program: Command, context: Context): void {
  registerLogin(program, context);
  registerLogout(program, context);
  registerContexts(program, context);
}

function withIssuer(command: Command): Command {
  return command
    .option(
      '--issuer <url>',
      'OpenID Connect issuer (default: that of the context, then that of the console of the server)',
    )
    .option('--client-id <id>', 'public client at the issuer (default: taskrunner-cli)')
    .option(
      '--scope <scope...>',
      'scopes to request (default: openid offline_access packs.read packs.run packs.approve)',
    );
}

function registerLogin(program: Command, context: Context): void {
  withIssuer(withOutput(program.command('login')))
    .description('sign in at the issuer of a server; the tokens are kept in the configuration folder of this user')
    .option('--server <url>', 'URL of the server (default: that of the context, then TASKRUNNER_SERVER)')
    .option(
      '--context <name>',
      'context to sign in to; it is created if --server names its server (default: the current one)',
    )
    .option('--device', 'sign in with a code on another device, such as a phone')
    .option('--no-browser', 'print the address and open no browser')
    .option('--timeout <seconds>', 'maximum time to wait for the person', '300')
    .action((options: LoginOptions) =>
      context.run(async () => {
        const file = new ContextFile(context.env);
        const target = targetOf(options, await file.read(), context);
        const { issuer: url, ...stated } = await loginSettings(target, {
          issuer: options.issuer,
          clientId: options.clientId,
          scopes: options.scope,
        });
        const facts: IssuerFacts = { issuer: url, ...stated };
        const issuer = await Issuer.discover(facts);
        const session = await signIn(issuer, options, context);
        // A token that the server refuses is not kept.
        const me = await whoIs(target.server, session);
        await file.update((contexts) => ({
          ...withContext(contexts, { ...target, ...facts, session }),
          current: target.name,
        }));
        const shown = {
          ...{ context: target.name, server: target.server, issuer: facts.issuer, clientId: facts.clientId },
          ...{ person: me.person, tenant: me.tenant, scopes: me.scopes },
          ...{ expiresAt: new Date(session.expiresAt).toISOString(), isRenewed: session.refresh !== null },
        };
        printAs(context, options, shown, () => [
          `signed in to ${target.server} as ${me.person.name} (${me.person.sub}), tenant ${me.tenant}`,
          `context ${target.name}, scopes ${me.scopes.join(' ') || 'none'}`,
          ...(session.refresh === null
            ? [`the issuer gave no refresh token: sign in again at ${shown.expiresAt}`]
            : []),
        ]);
        return EXIT.OK;
      }),
    );
}

/** The context that a sign-in changes or creates. */
function targetOf({ server, context: name }: LoginOptions, contexts: Contexts, { env }: Context): NamedContext {
  const stated = server === undefined ? undefined : serverUrl(server);
  if (name !== undefined && (stated === undefined || Object.hasOwn(contexts.contexts, name))) {
    const known = contextNamed(contexts, name);
    if (stated === undefined || known.server === stated) return known;
    throw new CliError('CLI_USAGE', `the context ${name} is for ${known.server}`, 'Use another name for --context.');
  }
  const current = currentContext(contexts, env);
  if (stated === undefined && current !== null) return current;
  const url = stated ?? (env['TASKRUNNER_SERVER'] ? serverUrl(env['TASKRUNNER_SERVER']) : undefined);
  if (url === undefined)
    throw new CliError(
      'CLI_SERVER_MISSING',
      'no server is set',
      'Use --server URL, such as https://runner.example.org.',
    );
  if (name === undefined) {
    if (current?.server === url) return current;
    const [known] = Object.entries(contexts.contexts).find(([, one]) => one.server === url) ?? [];
    if (known !== undefined) return contextNamed(contexts, known);
  }
  return newContext(contextName(name ?? new URL(url).host), url);
}

function newContext(name: string, server: string): NamedContext {
  return { name, server, issuer: null, clientId: null, scopes: null, resource: null, session: null };
}

/** Signs in with a browser on this machine, or with a code on another device. */
async function signIn(issuer: Issuer, options: LoginOptions, { terminal, env }: Context): Promise<Session> {
  const { device = false, browser: mayOpen } = options;
  const signal = AbortSignal.timeout(timeoutMs(options.timeout));
  const browser = browserOf(process.platform, env);
  if (device || (mayOpen && browser === null && issuer.hasDeviceFlow))
    return issuer.signInByDevice(({ address, completeAddress, code }) => {
      terminal.say(safeLine(`Open this address on any device: ${completeAddress ?? address}`));
      terminal.say(safeLine(`The code is: ${code}`));
    }, signal);
  const loopback = await Loopback.listen(signal);
  try {
    return await issuer.signInByBrowser(loopback, (address) => {
      terminal.say(safeLine(`Open this address in a browser on this machine: ${address}`));
      if (mayOpen && browser !== null) openBrowser(browser, address);
    });
  } finally {
    loopback.close();
  }
}

function timeoutMs(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 86_400) return seconds * 1_000;
  throw new CliError('CLI_USAGE', '--timeout must be a number of seconds up to 86400', 'Use --timeout 300.');
}

async function whoIs(url: string, { access }: Session) {
  const { Server } = await import('../server/server.js');
  return new Server(url, () => Promise.resolve(access)).me();
}

interface LogoutOptions {
  readonly output: string;
  readonly context?: string;
  readonly all?: boolean;
}

function registerLogout(program: Command, context: Context): void {
  withOutput(program.command('logout'))
    .description('sign out: delete the tokens of a context, and revoke its refresh token at the issuer')
    .option('--context <name>', 'context to sign out of (default: TASKRUNNER_CONTEXT, the current context)')
    .option('--all', 'sign out of all contexts')
    .action((options: LogoutOptions) =>
      context.run(async () => {
        const file = new ContextFile(context.env);
        const left: NamedContext[] = [];
        await file.update((contexts) => {
          const names = options.all ? Object.keys(contexts.contexts) : [leftContext(contexts, options, context).name];
          let after = contexts;
          for (const name of names) {
            const found = contextNamed(contexts, name);
            if (found.session === null) continue;
            left.push(found);
            after = withContext(after, { ...found, session: null });
          }
          return after;
        });
        const items = [];
        for (const one of left) items.push({ context: one.name, server: one.server, ...(await revoke(one)) });
        for (const { context: name, reason } of items)
          if (reason !== null) context.terminal.say(safeLine(`${name}: the refresh token was not revoked: ${reason}`));
        printList(context, options, {
          items,
          columns: LOGOUT_COLUMNS,
          none: 'nobody was signed in',
        });
        return EXIT.OK;
      }),
    );
}

const LOGOUT_COLUMNS: readonly Column<{
  readonly context: string;
  readonly server: string;
  readonly revoked: boolean;
}>[] = [
  { title: 'CONTEXT', text: ({ context }) => context },
  { title: 'SERVER', text: ({ server }) => server },
  { title: 'REVOKED', text: ({ revoked }) => (revoked ? 'yes' : 'no') },
];

function leftContext(contexts: Contexts, { context: name }: LogoutOptions, { env }: Context): NamedContext {
  const found = name === undefined ? currentContext(contexts, env) : contextNamed(contexts, name);
  if (found !== null) return found;
  throw new CliError('CLI_CONTEXT_UNKNOWN', 'there is no current context', 'Use --context NAME or --all.');
}

/** The tokens of this machine are deleted whatever the issuer says. */
async function revoke({ session, issuer, clientId, scopes, resource }: NamedContext) {
  if (session?.refresh == null || issuer === null || clientId === null) return { revoked: false, reason: null };
  try {
    const found = await Issuer.discover({ issuer, clientId, scopes: scopes ?? [], resource });
    const revoked = await found.revoke(session.refresh);
    return { revoked, reason: revoked ? null : 'the issuer offers no revocation' };
  } catch (error) {
    if (!CliError.is(error)) throw error;
    return { revoked: false, reason: error.message };
  }
}

interface AddOptions extends IssuerOptions {
  readonly server: string;
}

function registerContexts(program: Command, context: Context): void {
  const group = program.command('context').description('name servers, and choose the one that commands use');
  const file = () => new ContextFile(context.env);
  withIssuer(withOutput(group.command('add').argument('<name>', 'name of the context, such as production')))
    .description('add a context, or change its server and issuer; another server ends its sign-in')
    .requiredOption('--server <url>', 'URL of the server')
    .action((name: string, options: AddOptions) =>
      context.run(async () => {
        const url = serverUrl(options.server);
        const after = await file().update((contexts) => {
          const known = Object.hasOwn(contexts.contexts, contextName(name)) ? contextNamed(contexts, name) : null;
          const before = known?.server === url ? known : newContext(name, url);
          const { issuer, clientId, scope } = options;
          const added = {
            ...before,
            ...(issuer === undefined ? {} : { issuer }),
            ...(clientId === undefined ? {} : { clientId }),
            ...(scope === undefined ? {} : { scopes: scope }),
          };
          return { ...withContext(contexts, added), current: contexts.current ?? name };
        });
        printAs(context, options, rowOf(after, name), () => [`added ${name}: ${url}`]);
        return EXIT.OK;
      }),
    );
  withOutput(group.command('use').argument('<name>', 'name of a context, as printed by context list'))
    .description('make a context the current one')
    .action((name: string, options: IssuerOptions) =>
      context.run(async () => {
        const after = await file().update((contexts) => ({ ...contexts, current: contextNamed(contexts, name).name }));
        printAs(context, options, rowOf(after, name), () => [`commands use ${contextNamed(after, name).server}`]);
        return EXIT.OK;
      }),
    );
  withOutput(group.command('list'))
    .description('list contexts; * marks the current one')
    .action((options: IssuerOptions) =>
      context.run(async () => {
        const contexts = await file().read();
        const items = Object.keys(contexts.contexts).map((name) => rowOf(contexts, name));
        printList(context, options, { items, columns: CONTEXT_COLUMNS, none: 'no contexts' });
        return EXIT.OK;
      }),
    );
  withOutput(group.command('remove').argument('<name>', 'name of a context, as printed by context list'))
    .description('remove a context with its tokens; to revoke them at the issuer, use logout first')
    .action((name: string, options: IssuerOptions) =>
      context.run(async () => {
        let removed = null;
        await file().update((contexts) => {
          removed = rowOf(contexts, name);
          return withoutContext(contexts, name);
        });
        printAs(context, options, removed, () => [`removed ${name}`]);
        return EXIT.OK;
      }),
    );
}

/** A context without its tokens. Throws `CLI_CONTEXT_UNKNOWN`. */
function rowOf(contexts: Contexts, name: string) {
  const { server, issuer, clientId, scopes, session } = contextNamed(contexts, name);
  const expiresAt = session === null ? null : new Date(session.expiresAt).toISOString();
  const isSignedIn = session !== null && (session.refresh !== null || session.expiresAt > Date.now());
  return { name, isCurrent: contexts.current === name, server, issuer, clientId, scopes, isSignedIn, expiresAt };
}

const CONTEXT_COLUMNS: readonly Column<ReturnType<typeof rowOf>>[] = [
  { title: '', text: ({ isCurrent }) => (isCurrent ? '*' : '') },
  { title: 'CONTEXT', text: ({ name }) => name },
  { title: 'SERVER', text: ({ server }) => server },
  { title: 'ISSUER', text: ({ issuer }) => issuer ?? '-' },
  { title: 'SIGNED IN', text: ({ isSignedIn }) => (isSignedIn ? 'yes' : 'no') },
];
