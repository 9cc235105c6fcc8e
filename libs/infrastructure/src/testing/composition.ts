import 'reflect-metadata';
import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CodedError, type Digest, type TenantId } from '@taskrunner/core/foundation';
import { MemoryObjects } from '@taskrunner/core/testing';
import { Telemetry } from '../lib/telemetry/telemetry';

// How specs look at a composed application, and what stands in for parts of it.

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

/** All users of `token`: what NestJS has made, by name. */
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

/** True if `part` can be reached from `whole` in a few steps. */
export function holds(whole: unknown, part: unknown, steps = 5): boolean {
  if (whole === part) return true;
  if (typeof whole !== 'object' || whole === null || steps === 0) return false;
  if (whole instanceof Map) return [...whole.values()].some((one) => holds(one, part, steps - 1));
  // Inherited ones too: a watched operation inherits from the one that it watches.
  for (const name in whole) if (holds((whole as Record<string, unknown>)[name], part, steps - 1)) return true;
  return false;
}

/** The imports of a running container as a picture shows them: global modules are those of the root alone. */
export function arrowsOf(modules: Modules, root: string): readonly string[] {
  const own = [...modules.values()].filter(({ name }) => !/^(InternalCore|RootTest)Module$/.test(name));
  const isShown = ({ isGlobal, name }: ComposedModule, by: string): boolean =>
    own.some((one) => one.name === name) && (!isGlobal || by === root);
  return own.flatMap(({ name, imports }) =>
    [...imports].filter((one) => isShown(one, name)).map((one) => `${name} --> ${one.name}`),
  );
}

/** Notes in `closed` each part whose `onApplicationShutdown` is over, by the name of its class. */
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

/** A part of a platform of somebody else: it uses what every module may use, and notes when it is closed. */
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

/** Objects in memory, of which a sweep finds nothing. */
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

/** A store of somebody else, which is never there. */
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
