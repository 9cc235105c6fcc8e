import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { Token } from './token';

/** A dependency that is derived from the value of a token: a section of the configuration, a method of a service. */
export interface Derived<Value> {
  readonly token: InjectionToken;
  readonly derive: (provided: unknown) => Value;
}

/** The source of a dependency. */
export type Source<Value> = Token<Value> | Derived<Value>;

/** A source for each dependency, by name. */
export type Sources<Dependencies> = {
  readonly [Name in keyof Dependencies]: Source<Exclude<Dependencies[Name], undefined>>;
};

/** Derives a dependency from the value of `token`. */
export function from<Provided, Value>(token: Token<Provided>, derive: (provided: Provided) => Value): Derived<Value> {
  return { token: token as InjectionToken, derive: (provided) => derive(provided as Provided) };
}

/** Provides for `token` the result of `build`. A source whose type does not match the parameter of `build` is a compile error. */
export function provide<Value, Dependencies extends object>(
  token: Token<Value>,
  sources: Sources<Dependencies>,
  build: (dependencies: Dependencies) => Value | Promise<Value>,
): FactoryProvider<Value> {
  const entries = Object.entries<Source<unknown>>(sources);
  return {
    provide: token as InjectionToken,
    inject: entries.map(([, source]) => (isDerived(source) ? source.token : (source as InjectionToken))),
    useFactory: (...provided: readonly unknown[]) => {
      const values = entries.map(([name, source], index) => [
        name,
        isDerived(source) ? source.derive(provided[index]) : provided[index],
      ]);
      return build(Object.fromEntries(values) as Dependencies);
    },
  };
}

/**
 * Provides an operation of core: a class whose constructor takes a record of its dependencies. Each dependency is named with its source. A
 * missing source, or one of another type, is a compile error.
 */
export function operation<Dependencies extends object, Operation>(
  type: new (dependencies: Dependencies) => Operation,
  sources: Sources<NoInfer<Dependencies>>,
): FactoryProvider<Operation> {
  return provide<Operation, Dependencies>(type, sources, (dependencies) => new type(dependencies));
}

function isDerived(source: Source<unknown>): source is Derived<unknown> {
  return typeof source === 'object';
}
