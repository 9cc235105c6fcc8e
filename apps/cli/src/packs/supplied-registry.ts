import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Digest, Json } from '@taskrunner/core/foundation';
import { PackLibrary, type RegistryMount } from '@taskrunner/core/operations';
import { PackVersions, type KnownVersion } from '@taskrunner/core/ports';
import { TAR_CODEC } from '@taskrunner/infrastructure/archive';
import { loadConfiguration, parseConfiguration } from '@taskrunner/infrastructure/configuration';
import { openRegistries, openRegistry, type RegistrySetting } from '@taskrunner/infrastructure/registry';
import { CliError } from '../terminal/cli-error';
import { refuseSpecialFile } from '../files/special-file';

/** The registry for a command: given on the command line, or named in a configuration. */
export interface RegistryOptions {
  readonly registry?: string;
  readonly plainHttp?: boolean;
  readonly usernameFile?: string;
  readonly passwordFile?: string;
  readonly config?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

export function withRegistry(command: Command): Command {
  return command
    .option(
      '--registry <url|folder|name>',
      'pack registry: https://host/path, a folder, or the name of a registry in --config',
    )
    .option('--plain-http', 'allow http to a host other than this machine')
    .option('--username-file <file>', 'file that contains the user name for the registry')
    .option('--password-file <file>', 'file that contains the password for the registry')
    .option('--config <file>', 'configuration file with the registries (default: TASKRUNNER_CONFIG)');
}

/** The packs of the registry that the options name; without one, of all registries in the configuration. Throws `CLI_USAGE`, `CLI_FILE`. */
export async function libraryOf(options: RegistryOptions, env: Variables): Promise<PackLibrary> {
  return new PackLibrary(await mountsOf(options, env), new NoMemory());
}

async function mountsOf(options: RegistryOptions, env: Variables): Promise<readonly RegistryMount[]> {
  const { registry: supplied } = options;
  const everybodys = { tenants: ['*'], publish: true };
  const { packsRegistry } = await configurationOf(options, env);
  if (supplied !== undefined && (supplied.includes('/') || supplied.startsWith('.'))) {
    const registry = await openRegistry(await settingOf(supplied, options), packsRegistry, TAR_CODEC);
    return [{ registry, ...everybodys }];
  }
  const mounts = await openRegistries(packsRegistry, TAR_CODEC);
  const chosen = mounts.filter(({ registry }) => supplied === undefined || registry.name === supplied);
  if (chosen.length > 0) return chosen.map(({ registry }) => ({ registry, ...everybodys }));
  throw new CliError(
    'CLI_USAGE',
    supplied === undefined ? 'no registry is set' : `the configuration has no registry ${supplied}`,
    'Use --registry with https://host/path or a folder, or --config with packsRegistry.registries.',
  );
}

async function configurationOf({ config }: RegistryOptions, env: Variables) {
  const named = config ?? env['TASKRUNNER_CONFIG'];
  if (named) refuseSpecialFile(named);
  const reading = named ? await loadConfiguration(named, {}) : parseConfiguration('', {});
  if (reading.kind === 'read') return reading.configuration;
  throw new CliError(
    'CLI_FILE',
    `the configuration ${named ?? ''} is invalid`,
    'Correct the listed errors.',
    reading.faults,
  );
}

async function settingOf(
  supplied: string,
  options: RegistryOptions,
): Promise<Omit<RegistrySetting, 'tenants' | 'publish'>> {
  const { plainHttp = false, usernameFile = null, passwordFile = null } = options;
  const none = { usernameFile: null, passwordFile: null, tokenRealm: null };
  if (!/^[a-z]+:\/\//.test(supplied)) {
    const path = resolve(supplied);
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder) return { ...none, name: path, type: 'folder', url: null, path };
    throw new CliError('CLI_FILE', `${path} is not a folder`, 'Create the folder first, or use https://host/path.');
  }
  const url = URL.canParse(supplied) ? new URL(supplied) : null;
  const isRegistry = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '';
  if (!isRegistry)
    throw new CliError('CLI_USAGE', 'the registry must be an http or https URL', 'Use https://host/path.');
  if (url.protocol === 'http:' && !plainHttp && !/^(localhost|127\..*|\[::1\])$/.test(url.hostname))
    throw new CliError('CLI_USAGE', 'the registry URL uses http', 'Use https, or pass --plain-http to allow http.');
  if ((usernameFile === null) !== (passwordFile === null))
    throw new CliError('CLI_USAGE', 'user name and password must be given together', 'Pass both files.');
  return { ...none, name: url.host, type: 'oci', url: supplied, path: null, usernameFile, passwordFile };
}

/** A command remembers nothing from one call to the next. */
class NoMemory extends PackVersions {
  async remember(_tenant: string, { contentDigest }: KnownVersion): Promise<Digest> {
    return contentDigest;
  }

  async signaturesOf(): Promise<readonly Json[] | null> {
    return null;
  }
}
