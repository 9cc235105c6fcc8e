import { numberOf } from './number-option';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { verifySignature } from '@taskrunner/core/evidence';
import type { Json } from '@taskrunner/core/foundation';
import { parsePackReference } from '@taskrunner/core/pack';
import { decidePackTrust, type PackTrustPolicy } from '@taskrunner/core/publisher';
import { loadPublisherKey } from '@taskrunner/infrastructure/configuration';
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
import { makeFolders } from '@taskrunner/infrastructure/files';
import { refuseSpecialFile } from '../files/special-file';

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
  const group = program.command('pack').description('build, sign, publish and verify packs');
  registerBuild(group, context);
  registerSign(group, context);
  registerPush(group, context);
  registerPull(group, context);
  registerVerifyPack(group, context);
  registerPackLists(group, context);
}

function registerBuild(group: Command, context: Context): void {
  withOutput(group.command('build <pack>'))
    .description('build the archive of a pack; the build is reproducible')
    .option('--file <file>', 'file to write (default: <name>-<version>.tar)')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const pack = await takePack(argument, {}, {});
        const file = options.file ?? `${stemOf(pack)}.tar`;
        refuseSpecialFile(file);
        await writeFile(file, pack.archive);
        show(context, options, { ...factsOf(pack), file });
        return EXIT.OK;
      }, argument),
    );
}

function registerSign(group: Command, context: Context): void {
  withRegistry(withOutput(group.command('sign <pack>')))
    .description(
      'sign a pack; the signature of a published pack is attached in the registry, otherwise it is written to a file',
    )
    .requiredOption('--key <file>', 'file with a private key, Ed25519 or P-256, in PEM, mode 0600', several)
    .option(
      '--file <file>',
      'file to write (default: <name>-<version>.sigstore.json, with a number for each further signature)',
    )
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
  withConnection(withRegistry(withOutput(group.command('push <pack>'))))
    .description('publish a pack to a registry, or through a server with --server')
    .option('--signature <file>', 'file with a signature of the pack, as written by `pack sign`', several)
    .option('--key <file>', 'also sign the pack with this private key', several)
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
  const server = await connect(options, context.env);
  const { digest, registry, isNew } = await server.publish({
    manifest: pack.source.manifest,
    files: pack.source.files.map(({ path, bytes, executable }) => ({
      path,
      contentBase64: Buffer.from(bytes).toString('base64'),
      executable,
    })),
    signatures,
  });
  show(context, options, { ...factsOf(pack), digest, registry, isNew });
  return EXIT.OK;
}

function registerPull(group: Command, context: Context): void {
  withRegistry(withOutput(group.command('pull <reference>')))
    .description('download a pack and its signatures from a registry and check all digests')
    .option('--to <folder>', 'folder to write to', '.')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        if (parsePackReference(argument) === null)
          throw new CliError(
            'CLI_USAGE',
            'a published pack must be given as name:version or name@sha256:…',
            'Correct the reference.',
          );
        const pack = await takePack(argument, options, context.env);
        const folder = options.to ?? '.';
        await makeFolders(folder);
        const file = join(folder, `${stemOf(pack)}.tar`);
        await writeFile(file, pack.archive);
        const signatures = await writeSignatures(pack.signatures, join(folder, `${stemOf(pack)}.sigstore.json`));
        show(context, options, { ...factsOf(pack), digest: pack.artifact?.digest ?? null, file, signatures });
        return EXIT.OK;
      }, argument),
    );
}

function registerVerifyPack(group: Command, context: Context): void {
  withRegistry(withOutput(group.command('verify <pack>')))
    .description('verify that a pack is signed with the required number of the given keys')
    .requiredOption('--key <file>', 'file with the public key of a publisher, in PEM', several)
    .option('--signature <file>', 'file with a signature of the pack, as written by `pack sign`', several)
    .option('--threshold <n>', 'number of distinct keys that must have signed', '1')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const pack = await takePack(argument, options, context.env);
        const threshold = numberOf('--threshold', options.threshold ?? '1', { least: 1 });
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
