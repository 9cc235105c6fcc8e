import { canonical as ofCore, digestOf as digestOfCore } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { canonical, digestOf } from './canonical';

const VALUES: readonly Json[] = [
  null,
  { b: 1, a: [true, 'ä\u20ac\u{1f600}', { z: null, y: -0 }], '': 1e21 },
  { '\ufb33': 1, '\u{1f600}': 2, '\u0080': 3, ö: 0.1 },
  [1e-7, 123456789012345680000, 4.5, 'line\nfeed "quoted" \\'],
];

// The digest that a person sees must be the one that the service has signed.
it.each(VALUES)('is the text and the digest that the services compute: %j', async (value) => {
  expect(canonical(value)).toBe(ofCore(value));
  expect(await digestOf(value)).toBe(digestOfCore(value));
});
