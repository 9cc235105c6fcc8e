import type { Command } from 'commander';
import type { Column } from '../../lists/table';
import { serverUrl } from '../../server/connection';
import { ContextFile, type Contexts } from '../../session/context-file';
import { contextName, contextNamed, newContext, restated, withContext, withoutContext } from '../../session/contexts';
import { EXIT } from '../../terminal/exit-code';
import type { Context } from '../context';
import { printAs, printList, withOutput } from '../options';
import { withIssuer, type IssuerOptions } from './issuer-options';

interface AddOptions extends IssuerOptions {
  readonly server: string;
}

/** `context add|use|list|remove`. */
export function registerContexts(program: Command, context: Context): void {
  const group = program.command('context').description('name servers, and choose the one that commands use');
  const file = () => new ContextFile(context.env);
  withIssuer(withOutput(group.command('add').argument('<name>', 'name of the context, such as production')))
    .description('add or change a context; a change of the server, issuer, client or resource ends its sign-in')
    .requiredOption('--server <url>', 'URL of the server')
    .action((name: string, options: AddOptions) =>
      context.run(async () => {
        const url = serverUrl(options.server);
        let isDropped = false;
        const after = await file().update((contexts) => {
          const known = Object.hasOwn(contexts.contexts, contextName(name)) ? contextNamed(contexts, name) : null;
          const { issuer, clientId, scope: scopes, resource } = options;
          const stated = { server: url, issuer, clientId, scopes, resource };
          const added = restated(known ?? newContext(name, url), stated);
          isDropped = known !== null && known.session !== null && added.session === null;
          return { ...withContext(contexts, added), current: contexts.current ?? name };
        });
        if (isDropped)
          context.terminal.say(
            `the sign-in of ${name} has ended, because its tokens are for another server, issuer, client or resource`,
          );
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
