import { lookup as resolve, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { decideAddress, type EgressRule } from '@taskrunner/core/egress';
import { BrandedError } from '@taskrunner/core/foundation';

/** Why a connection was not made. */
export class WayClosed extends BrandedError {
  static {
    this.brand('WayClosed');
  }

  override readonly name = 'WayClosed';
}

export type Resolver = (
  host: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves a name and lets through only addresses that the rule allows: the connection goes to exactly what was looked at, so
 * nothing can be resolved otherwise in between. Addresses in place of names never come here: `decideEgress` judges them before.
 */
export function guardedLookup(rule: EgressRule, resolver: Resolver = resolve): LookupFunction {
  return (host, options, callback) => {
    resolver(host, { all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const allowed = found.filter(({ address }) => decideAddress(rule, address) === 'EGRESS_ALLOWED');
      const [first] = allowed;
      if (!first)
        return callback(
          new WayClosed('EGRESS_SPECIAL_ADDRESS: the name resolves to no address that is allowed'),
          '',
          0,
        );
      if (options.all) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}
