import { duration, flag } from '../kinds';
import { key, section } from '../key';
import { SECOND, MINUTE, DAY } from './units';

export const sealedMode = section(
  'Sealed runs: their steps reach nothing but what is listed, and where that cannot be enforced they are refused.',
  {
    enabled: key(
      flag,
      true,
      'Whether packs that ask for it (`sandbox.mode: sealed`) are sealed here; false: they are refused.',
    ),
    required: key(flag, false, 'true: this environment is sealed, and every run in it, whatever its pack says.'),
    wait: key(
      duration(SECOND, 7 * DAY),
      5 * MINUTE,
      'How long a sealed run waits while no worker that is there can seal; then it ends SEALED_UNENFORCEABLE.',
      's, m, h, d',
    ),
  },
);
