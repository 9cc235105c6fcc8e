// Output of the bench: one JSON object per line, {name, value, unit, peer?, ratio?, target, pass, …}.
import { loadavg } from 'node:os';

/** Rounds to four significant digits. */
export const rounded = (value) => (Number.isInteger(value) ? value : Number(value.toPrecision(4)));

/**
 * A line of output. The target applies to the ratio to the peer if there is a peer, otherwise to the value; null: no target. `more` is
 * added unchanged.
 */
export function line({ name, value, unit, peer, ratio, target = null, better = 'more', ...more }) {
  const held = rounded(ratio ?? value);
  return {
    name,
    value: rounded(value),
    unit,
    ...(peer === undefined ? {} : { peer }),
    ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
    target,
    pass: target === null ? null : better === 'less' ? held <= target : held >= target,
    ...(better === 'less' ? { better } : {}),
    ...more,
    load: rounded(loadavg()[0]),
  };
}
