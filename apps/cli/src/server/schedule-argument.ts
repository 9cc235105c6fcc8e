import { isScheduleId } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import { remedyForName } from '../terminal/hints/known-names';
import type { Server } from './server';

/** The id of a schedule that is given by its id or name. Throws `CLI_SCHEDULE_NOT_FOUND` with the nearest name. */
export async function scheduleIdOf(server: Server, supplied: string): Promise<string> {
  if (isScheduleId(supplied)) return supplied;
  const schedules = await server.schedules();
  const found = schedules.find(({ name }) => name === supplied);
  if (found) return found.scheduleId;
  throw new CliError(
    'CLI_SCHEDULE_NOT_FOUND',
    `there is no schedule with the name ${supplied}`,
    remedyForName(
      supplied,
      schedules.map(({ name }) => name),
      {
        are: 'Schedules are',
        list: 'List schedules with `taskrunner schedule list`.',
        none: 'There are no schedules. Create one with `taskrunner schedule create`.',
      },
    ),
  );
}
