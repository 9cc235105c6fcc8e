import type { Configuration } from '../configuration';
import type { Notes } from '../configuration-fault';
import { isLoopbackHost } from '@taskrunner/core/foundation';

const PREFIX = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}\/){1,8}$/;

/** Constraints between keys of `artifacts.destinations` and `artifacts.exports`. */
export function checkDestinations({ artifacts }: Configuration, notes: Notes): void {
  const { destinations, exports } = artifacts;
  if (exports.retry > exports.longestRetry)
    notes.fault(
      'CONFIG_CONFLICT',
      '/artifacts/exports/retry',
      'artifacts.exports.retry must not exceed artifacts.exports.longestRetry.',
      undefined,
      ['/artifacts/exports/retry', '/artifacts/exports/longestRetry'],
    );
  destinations.forEach((one, index) => {
    const at = `/artifacts/destinations/${index}`;
    if (destinations.findIndex(({ id }) => id === one.id) !== index)
      notes.fault(
        'CONFIG_CONFLICT',
        `${at}/id`,
        'The same destination is listed twice.',
        'Remove one of the two entries.',
      );
    if (one.type === 'folder' && (one.path === null || one.bucket !== null))
      notes.fault('CONFIG_CONFLICT', at, 'A destination of type folder must have a path and no bucket.');
    if (one.type === 's3' && (one.bucket === null || one.path !== null))
      notes.fault('CONFIG_CONFLICT', at, 'A destination of type s3 must have a bucket and no path.');
    if ((one.accessKeyIdFile === null) !== (one.secretAccessKeyFile === null))
      notes.fault('CONFIG_CONFLICT', at, 'accessKeyIdFile and secretAccessKeyFile must be set together.');
    if (one.endpoint?.startsWith('http:') && !isLoopbackHost(new URL(one.endpoint).hostname))
      notes.fault('CONFIG_UNSAFE', `${at}/endpoint`, 'The endpoint of a destination must be https.', 'Use https.');
    if (one.prefix !== null && !PREFIX.test(one.prefix))
      notes.fault(
        'CONFIG_FORMAT',
        `${at}/prefix`,
        'The prefix of a destination must consist of names, each followed by /.',
      );
  });
}
