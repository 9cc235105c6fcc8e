import 'reflect-metadata';
import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CodedError, type Digest, type TenantId } from '@taskrunner/core/foundation';
import { MemoryObjects } from '@taskrunner/core/testing';
import { Telemetry } from '../lib/telemetry/telemetry';

// Helpers that inspect a composed application, and replacements for its parts.

interface Provided {
  readonly token: unknown;
  readonly instance: unknown;
  readonly inject?: readonly unknown[] | null;
  readonly metatype?: object | null;
}

/** A module of a running container. */
export interface ComposedModule {
  readonly name: string;
  readonly isGlobal: boolean;
  readonly imports: ReadonlySet<ComposedModule>;
  readonly providers: ReadonlyMap<unknown, Provided>;
  readonly controllers: ReadonlyMap<unknown, Provided>;
  readonly injectables: ReadonlyMap<unknown, Provided>;
}

type Modules = ReadonlyMap<string, ComposedModule>;

/** All users of `token`: instances that NestJS has created, by name. */
export function usersOf(
  modules: Modules,
  token: unknown,
): readonly { readonly name: string; readonly instance: unknown }[] {
  return [...modules.values()].flatMap(({ providers, controllers, injectables }) =>
    [...providers.values(), ...controllers.values(), ...injectables.values()]
      .filter(({ inject, metatype }) => {
        const types = inject ?? (metatype && (Reflect.getMetadata('design:paramtypes', metatype) as unknown[])) ?? [];
        return types.includes(token);
      })
      .map((one) => ({
        name: typeof one.token === 'function' ? one.token.name : String(one.token),
        instance: one.instance,
      })),
  );
}

/** True if `part` is reachable from `whole` in a few steps. */
export function holds(whole: unknown, part: unknown, steps = 5): boolean {
  if (whole === part) return true;
  if (typeof whole !== 'object' || whole === null || steps === 0) return false;
  if (whole instanceof Map) return [...whole.values()].some((one) => holds(one, part, steps - 1));
  // Includes inherited properties: a watched operation inherits from the original.
  for (const name in whole) if (holds((whole as Record<string, unknown>)[name], part, steps - 1)) return true;
  return false;
}

/** The imports of a running container as shown in the diagram: only the root imports global modules. */
export function arrowsOf(modules: Modules, root: string): readonly string[] {
  const own = [...modules.values()].filter(({ name }) => !/^(InternalCore|RootTest)Module$/.test(name));
  const isShown = ({ isGlobal, name }: ComposedModule, by: string): boolean =>
    own.some((one) => one.name === name) && (!isGlobal || by === root);
  return own.flatMap(({ name, imports }) =>
    [...imports].filter((one) => isShown(one, name)).map((one) => `${name} --> ${one.name}`),
  );
}

/** Records in `closed` each part whose `onApplicationShutdown` has ended, by the name of its class. */
export function noteClosing(modules: Modules, closed: string[]): void {
  for (const { providers } of modules.values())
    for (const { instance } of providers.values()) {
      const part = instance as Partial<OnApplicationShutdown> | null;
      const close = part?.onApplicationShutdown?.bind(part);
      if (!part || !close) continue;
      part.onApplicationShutdown = async (signal) => {
        await close(signal);
        closed.push(part.constructor.name);
      };
    }
}

/** A part that a platform team adds. It uses what every module may use, and records its shutdown. */
@Injectable()
export class Extension implements OnApplicationShutdown {
  static readonly closed: string[] = [];

  constructor(@Inject(Telemetry) readonly telemetry: Telemetry) {}

  onApplicationShutdown(): void {
    Extension.closed.push('extension');
  }
}

@Module({ providers: [Extension], exports: [Extension] })
export class ExtensionModule {}

/** Objects in memory. A sweep finds none of them. */
export class SweptObjects extends MemoryObjects {
  async tenants(): Promise<readonly TenantId[]> {
    return [];
  }

  async *aged(): AsyncIterable<readonly Digest[]> {
    yield [];
  }

  async collect(): Promise<boolean> {
    return false;
  }
}

/** A platform team's store that is never available. */
@Injectable()
export class AwayObjects extends SweptObjects {
  static readonly made: AwayObjects[] = [];

  constructor() {
    super();
    AwayObjects.made.push(this);
  }

  override async probe(): Promise<void> {
    throw new CodedError('OBJECT_STORE_UNAVAILABLE', 'it is made so', 'make another one');
  }
}
