import type { Command } from 'commander';
import type { JsonObject } from '@taskrunner/core/foundation';
import { parsePackReference, type PackReference } from '@taskrunner/core/pack';
import { libraryOf, withRegistry, type RegistryOptions } from '../packs/supplied-registry';
import { NOBODY, takePublished } from '../packs/pack-in-hand';
import { connect, withConnection, type ConnectionOptions } from '../server/connection';
import type { Server } from '../server/server';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { PACK_COLUMNS, type PackRow } from '../lists/list-columns';
import type { Context } from './context';
import { printList, withOutput } from './options';
import { factsOf, show } from './show-facts';

interface Options extends RegistryOptions, ConnectionOptions {
  readonly output: string;
}

/** `pack list` and `pack show`. */
export function registerPackLists(group: Command, context: Context): void {
  withConnection(withRegistry(withOutput(group.command('list'))))
    .description('list published packs of the server, or of a registry with --registry')
    .action((options: Options) =>
      context.run(async () => {
        const packs =
          options.registry === undefined
            ? await (await connect(options, context.env)).packs()
            : await rowsOf(options, context);
        printList(context, options, { items: packs, columns: PACK_COLUMNS, none: 'no packs', value: packs });
        return EXIT.OK;
      }),
    );
  withConnection(withRegistry(withOutput(group.command('show <reference>'))))
    .description(
      'show a published pack: inputs, approvals, signers and whether it may run; with --registry, as stored in that registry',
    )
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const reference = referenceOf(argument);
        const facts =
          options.registry === undefined
            ? await describePack(await connect(options, context.env), reference)
            : await describeHere(reference, options, context);
        show(context, options, facts);
        return EXIT.OK;
      }, argument),
    );
}

async function rowsOf(options: Options, context: Context): Promise<readonly PackRow[]> {
  const library = await libraryOf(options, context.env);
  const rows: PackRow[] = [];
  for (let after: Parameters<typeof library.list>[2] = null; ;) {
    const { items, next } = await library.list(NOBODY, 200, after);
    rows.push(
      ...items.map(({ digest, facts: { name, version, contentDigest, description } }) => ({
        name,
        version,
        digest,
        contentDigest,
        description,
      })),
    );
    if (next === null) return rows;
    after = next;
  }
}

/** Throws `CLI_USAGE` if it is not a reference. */
export function referenceOf(argument: string): PackReference {
  const reference = parsePackReference(argument);
  if (reference !== null) return reference;
  throw new CliError(
    'CLI_USAGE',
    'a published pack must be given as name:version or name@sha256:…',
    'Correct the reference.',
  );
}

/** The server's view of a published pack. */
export async function describePack(server: Server, { name, version, digest }: PackReference): Promise<JsonObject> {
  return (await server.pack(name, version ?? digest ?? '')) as unknown as JsonObject;
}

/** The registry's view of a pack. Only a server decides who is trusted; `pack verify` compares signatures with keys. */
async function describeHere(reference: PackReference, options: Options, context: Context): Promise<object> {
  const pack = await takePublished(reference, options, context.env);
  const { metadata, spec } = pack.pack;
  const { name, version, contentDigest, archiveDigest } = factsOf(pack);
  return {
    ...{ name, version, digest: pack.artifact?.digest ?? null, contentDigest, archiveDigest },
    description: metadata.description,
    registry: pack.artifact?.registry ?? null,
    inputs: spec.inputs,
    secrets: spec.secrets.map(({ name: secret, description, required }) => ({ name: secret, description, required })),
    approvals: spec.approvals.map(({ id, grants, minApprovals }) => ({ id, grants, minApprovals })),
    signatures: pack.signatures.length,
  };
}
