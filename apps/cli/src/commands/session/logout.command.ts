import type { Command } from 'commander';
import type { Column } from '../../lists/table';
import { ContextFile, type Contexts } from '../../session/context-file';
import { contextNamed, currentContext, withContext, type NamedContext } from '../../session/contexts';
import { Issuer } from '../../session/issuer';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { safeLine } from '../../terminal/safe-text';
import type { Context } from '../context';
import { printList, withOutput } from '../options';

interface LogoutOptions {
  readonly output: string;
  readonly context?: string;
  readonly all?: boolean;
}

export function registerLogout(program: Command, context: Context): void {
  withOutput(program.command('logout'))
    .description('sign out: delete the tokens of a context, and revoke its refresh token at the issuer')
    .option('--context <name>', 'context to sign out of (default: TASKRUNNER_CONTEXT, then the current context)')
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
