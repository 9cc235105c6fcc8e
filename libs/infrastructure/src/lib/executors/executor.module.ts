import 'reflect-metadata';
import { Module, type DynamicModule, type FactoryProvider, type Provider, type Type } from '@nestjs/common';
import { CodedError } from '@taskrunner/core/foundation';
import { builtinNamed, checkExtensions, type ExecutorCode, type ExecutorDescriptor } from '@taskrunner/core/plan';
import type { Executor } from '@taskrunner/core/ports';
import { token } from '../composition/token';
import { Telemetry } from '../telemetry/telemetry';
import { CheckedExecutor } from './checked-executor';

/** All executors of an application. Planner, environments and workers use these. */
export const EXECUTOR_DESCRIPTORS = token<readonly ExecutorDescriptor[]>('descriptors of executors');

/** The executors of a worker by `uses`, each wrapped for telemetry. */
export const EXECUTORS = token<ReadonlyMap<string, Executor>>('executors');

/** An executor, and its descriptor. */
export interface RegisteredExecutor {
  readonly descriptor: ExecutorDescriptor;
  /**
   * A class that NestJS instantiates, or a factory. A webservice plans and runs nothing, so it needs none. For a built-in executor it may
   * be null.
   */
  readonly executor?: Type<Executor> | ExecutorFactory;
}

/** Creates an executor from the values of its tokens, like a NestJS factory. */
export type ExecutorFactory = Pick<FactoryProvider<Executor | null>, 'inject' | 'useFactory'>;

/** A module of executors. */
export interface ExecutorsOf extends DynamicModule {
  readonly registered: readonly { readonly descriptor: ExecutorDescriptor; readonly executor: symbol | null }[];
}

type Imports = NonNullable<DynamicModule['imports']>;

@Module({})
class ExecutorFeatureModule {}

/** Registers executors with their descriptors. Built-in executors and those of a platform team are registered alike. */
@Module({})
export class ExecutorModule {
  /**
   * Registers executors, as a module for `imports` of `WebserviceModule.forRoot` and `WorkerModule.forRoot`. `imports`: the modules that
   * provide the executors' dependencies.
   */
  static forFeature(
    executors: readonly RegisteredExecutor[],
    { imports = [] }: { readonly imports?: Imports } = {},
  ): ExecutorsOf {
    const providers: Exclude<Provider, Type>[] = [];
    const registered = executors.map(({ descriptor, executor }) => {
      if (executor === undefined) return { descriptor, executor: null };
      const provide = Symbol(descriptor.uses);
      providers.push('useFactory' in executor ? { ...executor, provide } : { provide, useClass: executor });
      return { descriptor, executor: provide };
    });
    return {
      module: ExecutorFeatureModule,
      imports,
      providers,
      exports: providers.map(({ provide }) => provide),
      registered,
    };
  }

  /**
   * Collects the executors that are registered in `imports` and in the modules that those import. `performs`: true for a worker, which also
   * instantiates them. Throws `EXECUTOR_DESCRIPTOR_INVALID`, `EXECUTOR_TWICE`, and `EXECUTOR_MISSING` if a worker would have only a
   * descriptor.
   */
  static forRoot({ imports, performs }: { readonly imports: Imports; readonly performs: boolean }): DynamicModule {
    const modules = executorsIn(imports);
    const registered = modules.flatMap((one) => one.registered);
    const all = registered.map(({ descriptor }) => descriptor);
    // A webservice and a worker in the same application both register the descriptors.
    const descriptors = performs ? all : [...new Set(all)];
    checkExtensions(descriptors.filter((one) => !isBuiltin(one)));
    const described = { provide: EXECUTOR_DESCRIPTORS, useFactory: () => descriptors };
    if (!performs) return { module: ExecutorModule, providers: [described], exports: [EXECUTOR_DESCRIPTORS] };
    const tokens = registered.map(({ descriptor, executor }) => executor ?? missing(descriptor));
    const performed = {
      provide: EXECUTORS,
      inject: [Telemetry, ...tokens],
      useFactory: (telemetry: Telemetry, ...executors: readonly (Executor | null)[]) =>
        telemetry.watchExecutors(
          new Map(
            descriptors.flatMap((descriptor, index) => {
              const executor = executors[index] ?? null;
              if (executor === null) return [];
              const held = isBuiltin(descriptor) ? executor : new CheckedExecutor(executor, descriptor);
              return [[descriptor.uses, held] as const];
            }),
          ),
        ),
    };
    return {
      module: ExecutorModule,
      imports: [...modules],
      providers: [described, performed],
      exports: [EXECUTOR_DESCRIPTORS, EXECUTORS],
    };
  }
}

/** The executor modules among these modules and those that they import, without duplicates. A module that is a promise is ignored. */
export function executorsIn(imports: Imports, seen = new Set<unknown>()): readonly ExecutorsOf[] {
  return imports.flatMap((one) => {
    if (seen.has(one)) return [];
    seen.add(one);
    if (typeof one === 'function')
      return executorsIn((Reflect.getMetadata('imports', one) as Imports | undefined) ?? [], seen);
    if (!('module' in one)) return [];
    const own = 'registered' in one ? [one as ExecutorsOf] : [];
    return [...own, ...executorsIn(one.imports ?? [], seen), ...executorsIn([one.module], seen)];
  });
}

/** True for a descriptor of this release. A foreign descriptor of such a name is not. */
function isBuiltin(descriptor: ExecutorDescriptor): boolean {
  return builtinNamed(descriptor.uses) === descriptor;
}

function missing({ uses }: ExecutorDescriptor): never {
  throw new CodedError<ExecutorCode>(
    'EXECUTOR_MISSING',
    `this worker has a descriptor of ${uses}, but no executor`,
    'Give `executor` beside the descriptor in `ExecutorModule.forFeature`.',
  );
}
