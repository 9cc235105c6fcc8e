import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  decidePackTrust,
  parsePackReference,
  verifySignature,
  type Json,
  type PackTrustPolicy,
} from '@taskrunner/core';
import { loadPublisherKey } from '@taskrunner/infrastructure';
import { libraryOf, withRegistry, type RegistryOptions } from '../packs/supplied-registry';
import { isThere } from '../packs/pack-argument';
import { NOBODY, readSignatures, takePack, type PackInHand } from '../packs/pack-in-hand';
import { signWith, writeSignatures } from '../packs/pack-signing';
import { connect, withConnection, type ConnectionOptions } from '../server/connection';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { several, withOutput } from './options';
import { registerPackLists } from './pack-list.command';
import { factsOf, show, stemOf } from './show-facts';

interface Options extends RegistryOptions, ConnectionOptions {
  readonly output: string;
  readonly file?: string;
  readonly to?: string;
  readonly key?: readonly string[];
  readonly signature?: readonly string[];
  readonly threshold?: string;
}

/** `taskrunner pack …`: build, sign, push, pull, verify, list, show. */
export function registerPack(program: Command, context: Context): void {
  const group = program.command('pack').description('publish packs, sign them, and check who signed them');
  registerBuild(group, context);
  registerSign(group, context);
  registerPush(group, context);
  registerPull(group, context);
  registerVerifyPack(group, context);
  registerPackLists(group, context);
}

function registerBuild(group: Command, context: Context): void {
  withOutput(group.command('build <pack>'), 'json')
    .description('make the archive of a pack: the same pack gives the same bytes')
    .option('--file <file>', 'where to write it; else <name>-<version>.tar')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const pack = await takePack(argument, {}, {});
        const file = options.file ?? `${stemOf(pack)}.tar`;
        await writeFile(file, pack.archive);
        show(context, options, { ...factsOf(pack), file });
        return EXIT.OK;
      }, argument),
    );
}

function registerSign(group: Command, context: Context): void {
  withRegistry(withOutput(group.command('sign <pack>'), 'json'))
    .description('sign a pack; one of a registry gets the signature attached, else it is written to a file')
    .requiredOption('--key <file>', 'private key, Ed25519 or P-256, PEM, mode 0600', several)
    .option('--file <file>', 'where to write it; else <name>-<version>.sigstore.json, numbered from the second on')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const pack = await takePack(argument, options, context.env);
        const signatures = await signWith(options.key ?? [], pack);
        const signers = signatures.map(({ signer }) => signer);
        const bundles = signatures.map(({ bundle }) => bundle);
        if (await isThere(argument)) {
          const files = await writeSignatures(bundles, options.file ?? `${stemOf(pack)}.sigstore.json`);
          show(context, options, { ...factsOf(pack), signers, files });
        } else {
          await (await libraryOf(options, context.env)).publish(NOBODY, pack.source, bundles);
          show(context, options, { ...factsOf(pack), signers });
        }
        return EXIT.OK;
      }, argument),
    );
}

function registerPush(group: Command, context: Context): void {
  withConnection(withRegistry(withOutput(group.command('push <pack>'), 'json')))
    .description('publish a pack: into a registry, or with --server through the API of a server')
    .option('--signature <file>', 'a signature of it, as `pack sign` writes them', several)
    .option('--key <file>', 'sign it with this key too', several)
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const pack = await takePack(argument, options, context.env);
        const supplied = await readSignatures(options.signature ?? []);
        const signatures = [...supplied, ...(await signWith(options.key ?? [], pack)).map(({ bundle }) => bundle)];
        const registry = options.registry ?? options.config ?? context.env['TASKRUNNER_CONFIG'];
        if (registry === undefined) return pushToServer(pack, signatures, options, context);
        const { artifact, isNew } = await (
          await libraryOf(options, context.env)
        ).publish(NOBODY, pack.source, signatures);
        show(context, options, { ...factsOf(pack), digest: artifact.digest, registry: artifact.registry, isNew });
        return EXIT.OK;
      }, argument),
    );
}

async function pushToServer(pack: PackInHand, signatures: readonly Json[], options: Options, context: Context) {
  const client = await connect(options, context.env);
  const { status, body } = await client.ask('/api/packs', {
    method: 'POST',
    body: {
      manifest: pack.source.manifest,
      files: pack.source.files.map(({ path, bytes, executable }) => ({
        path,
        contentBase64: Buffer.from(bytes).toString('base64'),
        executable,
      })),
      signatures,
    },
  });
  const { digest, registry } = body as { digest: string; registry: string };
  show(context, options, { ...factsOf(pack), digest, registry, isNew: status === 201 });
  return EXIT.OK;
}

function registerPull(group: Command, context: Context): void {
  withRegistry(withOutput(group.command('pull <reference>'), 'json'))
    .description('fetch a pack and its signatures from a registry; every byte is compared with its digest')
    .option('--to <folder>', 'where to put them', '.')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        if (parsePackReference(argument) === null)
          throw new CliError('CLI_USAGE', 'a published pack is named name:version or name@sha256:…', 'Correct it.');
        const pack = await takePack(argument, options, context.env);
        const folder = options.to ?? '.';
        await mkdir(folder, { recursive: true });
        const file = join(folder, `${stemOf(pack)}.tar`);
        await writeFile(file, pack.archive);
        const signatures = await writeSignatures(pack.signatures, join(folder, `${stemOf(pack)}.sigstore.json`));
        show(context, options, { ...factsOf(pack), digest: pack.artifact?.digest ?? null, file, signatures });
        return EXIT.OK;
      }, argument),
    );
}

function registerVerifyPack(group: Command, context: Context): void {
  withRegistry(withOutput(group.command('verify <pack>'), 'json'))
    .description('check that enough of these keys signed a pack')
    .requiredOption('--key <file>', 'public key of a publisher, PEM', several)
    .option('--signature <file>', 'a signature of it, as `pack sign` writes them', several)
    .option('--threshold <n>', 'how many distinct keys', '1')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const pack = await takePack(argument, options, context.env);
        const threshold = Number(options.threshold);
        if (!Number.isInteger(threshold) || threshold < 1)
          throw new CliError('CLI_USAGE', '--threshold is a whole number from 1', 'Write --threshold 2.');
        const keys = await Promise.all((options.key ?? []).map((path) => loadPublisherKey(path, path)));
        const policy: PackTrustPolicy = {
          unsigned: 'refuse',
          keys,
          rules: [{ tenants: ['*'], packs: ['*'], anyOf: keys.map(({ keyRef }) => keyRef), threshold }],
          deny: [],
          minimumVersions: [],
        };
        const { name, version } = pack.pack.metadata;
        const about = { name, version, contentDigest: pack.contentDigest };
        const supplied = [...pack.signatures, ...(await readSignatures(options.signature ?? []))];
        const { signers, refusal } = decidePackTrust(about, NOBODY, supplied, policy, verifySignature);
        if (refusal !== null) context.terminal.say(safeLine(`${refusal.code} ${refusal.detail}`));
        show(context, options, {
          ...factsOf(pack),
          ok: refusal === null,
          signers: [...signers],
          code: refusal?.code ?? null,
        });
        return refusal === null ? EXIT.OK : EXIT.NOT_VERIFIED;
      }, argument),
    );
}
