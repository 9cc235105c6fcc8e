import type { Command } from 'commander';
import { isSecureAddress } from '@taskrunner/core/foundation';
import { openServer, serverUrl } from '../../server/connection';
import { browserOf, openBrowser } from '../../session/browser';
import { ContextFile, type Contexts, type Session } from '../../session/context-file';
import {
  contextName,
  contextNamed,
  currentContext,
  newContext,
  withContext,
  type NamedContext,
} from '../../session/contexts';
import { Issuer } from '../../session/issuer';
import { loginSettings } from '../../session/login-settings';
import { Loopback } from '../../session/loopback';
import { confirmIssuer, isTokenFor } from '../../session/server-trust';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { safeLine } from '../../terminal/safe-text';
import type { Context } from '../context';
import { printAs, withOutput } from '../options';
import { withIssuer, type IssuerOptions } from './issuer-options';

interface LoginOptions extends IssuerOptions {
  readonly context?: string;
  readonly device?: boolean;
  readonly browser: boolean;
  readonly timeout: string;
}

export function registerLogin(program: Command, context: Context): void {
  withIssuer(withOutput(program.command('login')))
    .description('sign in at the issuer of a server; the tokens are kept in the configuration folder of this user')
    .option('--server <url>', 'URL of the server (default: the server of the context, then TASKRUNNER_SERVER)')
    .option(
      '--context <name>',
      'context to sign in to; with --server it is created if it does not exist (default: the current context)',
    )
    .option('--device', 'sign in with a code on another device, such as a phone')
    .option('--no-browser', 'print the address without opening a browser')
    .option('--timeout <seconds>', 'maximum time to wait for the sign-in', '300')
    .action((options: LoginOptions) =>
      context.run(async () => {
        const file = new ContextFile(context.env);
        const target = targetOf(options, await file.read(), context);
        const { facts, trust } = await loginSettings(target, {
          issuer: options.issuer,
          clientId: options.clientId,
          scopes: options.scope,
          resource: options.resource,
        });
        const place = { issuer: facts.issuer, server: target.server };
        context.terminal.say(safeLine(`Sign-in at ${place.issuer} for the server ${place.server}`));
        if (trust === 'server') await confirmIssuer(context.terminal, place);
        const issuer = await Issuer.discover(facts);
        const session = await signIn(issuer, options, context);
        if (trust === 'resource' && !isTokenFor(session.access, facts.resource ?? ''))
          await confirmIssuer(context.terminal, place);
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

/** The context that a sign-in changes or creates. Its server gets a token, which nobody may read on the way. */
function targetOf(options: LoginOptions, contexts: Contexts, context: Context): NamedContext {
  const target = statedContext(options, contexts, context);
  if (isSecureAddress(target.server)) return target;
  throw new CliError(
    'CLI_USAGE',
    `${safeLine(target.server)} is not https, so others could read the token`,
    'Plain HTTP is accepted on loopback only. Use the https URL of the server.',
  );
}

function statedContext({ server, context: name }: LoginOptions, contexts: Contexts, { env }: Context): NamedContext {
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
  return (await openServer(url, () => Promise.resolve(access))).me();
}
