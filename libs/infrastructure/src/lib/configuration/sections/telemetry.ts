import { oneOf } from '../kinds';
import { key, section } from '../key';

export const telemetry = section('What the processes say.', {
  logLevel: key(
    oneOf('info', 'trace', 'debug', 'warn', 'error'),
    'info',
    'Least level that is logged.',
    'trace | debug | info | warn | error',
  ),
});
