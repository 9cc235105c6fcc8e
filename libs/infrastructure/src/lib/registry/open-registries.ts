import { readFile } from 'node:fs/promises';
import type { RegistryMount } from '@taskrunner/core/operations';
import type { PackRegistry } from '@taskrunner/core/ports';
import { FolderStore } from './folder-store';
import { HttpStore } from './http-store';
import { OciPackRegistry, type PackLimits } from './oci-pack-registry';
import type { TarCodec } from './pack-artifact';
import { refusal } from './registry-error';

/** A registry in the configuration. */
export interface RegistrySetting {
  readonly name: string;
  readonly type: 'oci' | 'folder';
  /** Address of an `oci` registry, with the path prefix of its packs. */
  readonly url: string | null;
  /** Path of a `folder` registry. */
  readonly path: string | null;
  readonly usernameFile: string | null;
  readonly passwordFile: string | null;
  readonly tokenRealm: string | null;
  readonly tenants: readonly string[];
  readonly publish: boolean;
}

interface RegistriesSetting extends PackLimits {
  readonly registries: readonly RegistrySetting[];
  /** Timeout of one exchange with a registry, milliseconds. */
  readonly timeout: number;
}

/** Opens the configured registries. Rejects with `REGISTRY_DENIED` if credentials cannot be read. */
export async function openRegistries(setting: RegistriesSetting, tar: TarCodec): Promise<readonly RegistryMount[]> {
  return Promise.all(
    setting.registries.map(async (one) => ({
      registry: await openRegistry(one, setting, tar),
      tenants: one.tenants,
      publish: one.publish,
    })),
  );
}

/** Opens one registry. */
export async function openRegistry(
  one: Omit<RegistrySetting, 'tenants' | 'publish'>,
  setting: Omit<RegistriesSetting, 'registries'>,
  tar: TarCodec,
): Promise<PackRegistry> {
  if (one.type === 'folder') return new OciPackRegistry(one.name, new FolderStore(one.path ?? ''), tar, setting);
  const url = new URL(one.url ?? '');
  const [username, password] = await Promise.all([secretIn(one.usernameFile), secretIn(one.passwordFile)]);
  const store = new HttpStore({
    origin: url.origin,
    prefix: url.pathname.replace(/^\/+|\/+$/g, ''),
    credentials: username !== null && password !== null ? { username, password } : null,
    tokenRealm: one.tokenRealm,
    timeoutMs: setting.timeout,
  });
  return new OciPackRegistry(one.name, store, tar, setting);
}

async function secretIn(path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw refusal('REGISTRY_DENIED', `${path} cannot be read`, error);
  }
}
