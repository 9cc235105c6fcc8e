import type {
  ClassProvider,
  DynamicModule,
  FactoryProvider,
  InjectionToken,
  Provider,
  ValueProvider,
} from '@nestjs/common';
import { CodedError } from '@taskrunner/core/foundation';
import * as ports from '@taskrunner/core/ports';
import { isAdapterToken } from './token';

/** Replacement for a provider of an application: a class, a factory or a value for the token of the provider. */
export type Adapter = ClassProvider | FactoryProvider | ValueProvider;

export type CompositionErrorCode = 'ADAPTER_UNKNOWN';

const PORTS: ReadonlySet<unknown> = new Set(Object.values(ports));

type Import = NonNullable<DynamicModule['imports']>[number];

/**
 * The same tree of modules with `adapters` in place of the providers of their tokens. An adapter is created in the module of the replaced
 * provider, and its dependencies are those visible in that module. Throws `ADAPTER_UNKNOWN` for a token that no module of the tree
 * provides.
 */
export function withAdapters(root: DynamicModule, adapters: readonly Adapter[]): DynamicModule {
  const byToken = new Map(adapters.map((adapter) => [adapter.provide, adapter]));
  const used = new Set<InjectionToken>();
  // A module that several modules import stays one module.
  const replaced = new Map<DynamicModule, DynamicModule>();
  const provided = new Set<InjectionToken>();
  const replace = (module: DynamicModule): DynamicModule => {
    const known = replaced.get(module);
    if (known) return known;
    const imports = (module.imports ?? []).map((one) => (isDynamic(one) ? replace(one) : one));
    const exports = (module.exports ?? []).map((one) => (isDynamic(one) ? replace(one) : one));
    const providers = (module.providers ?? []).map((provider) => {
      const token = tokenOf(provider);
      provided.add(token);
      const adapter = byToken.get(token);
      if (adapter) used.add(token);
      return adapter ?? provider;
    });
    // An unchanged module stays the same object: a class may import it too, and NestJS identifies it by the object.
    const isSame = [
      [module.imports, imports],
      [module.providers, providers],
    ].every(([before = [], after = []]) => before.every((one, index) => one === after[index]));
    const changed = isSame ? module : { ...module, imports, exports, providers };
    replaced.set(module, changed);
    return changed;
  };
  const changed = replace(root);
  const unknown = [...byToken.keys()].filter((token) => !used.has(token));
  if (unknown.length > 0) throw adapterUnknown(unknown, provided);
  return changed;
}

/** The token of a provider. */
export function tokenOf(provider: Provider): InjectionToken {
  return typeof provider === 'function' ? provider : provider.provide;
}

function isDynamic(module: unknown): module is Import & DynamicModule {
  return typeof module === 'object' && module !== null && 'module' in module;
}

function adapterUnknown(
  tokens: readonly InjectionToken[],
  provided: ReadonlySet<InjectionToken>,
): CodedError<CompositionErrorCode> {
  return new CodedError(
    'ADAPTER_UNKNOWN',
    `this application provides nothing for ${namesOf(tokens)}; it can replace ${namesOf([...provided].filter(isReplaceable))}`,
    'Use a port of the application, such as `ObjectStore`. Put your own providers into a module under `imports`.',
  );
}

/** Tokens that adapters may replace: ports and adapter tokens. Other providers depend on details of each other. */
function isReplaceable(token: InjectionToken): boolean {
  return isAdapterToken(token) || PORTS.has(token);
}

/** Sorted, without duplicates. */
function namesOf(tokens: Iterable<InjectionToken>): string {
  const names = [...tokens].map((token) =>
    typeof token === 'function' ? token.name : typeof token === 'symbol' ? (token.description ?? '') : String(token),
  );
  return [...new Set(names)].sort().join(', ');
}
