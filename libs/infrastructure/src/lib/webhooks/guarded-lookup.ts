import { lookup as resolve, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { decideAddress, type EgressRule } from '@taskrunner/core/egress';
import { BrandedError } from '@taskrunner/core/foundation';

/** The error for a connection that the egress rule does not allow. */
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
 * Creates a lookup that returns only addresses that the rule allows. The connection uses exactly the checked address, so the name cannot be
 * resolved differently in between. Literal addresses bypass a lookup; `decideEgress` checks them before.
 */
export function guardedLookup(rule: EgressRule, resolver: Resolver = resolve): LookupFunction {
  return (host, options, callback) => {
    resolver(host, { all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const allowed = found.filter(({ address }) => decideAddress(rule, address) === 'EGRESS_ALLOWED');
      const [first] = allowed;
      if (!first)
        return callback(
          new WayClosed('EGRESS_SPECIAL_ADDRESS: the name does not resolve to an allowed address'),
          '',
          0,
        );
      if (options.all) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}
