import { isScheduleId } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import type { Server } from './server';

/** The id of a schedule that is given by its id or name. Throws `CLI_USAGE` if none has that name. */
export async function scheduleIdOf(server: Server, supplied: string): Promise<string> {
  if (isScheduleId(supplied)) return supplied;
  const found = (await server.schedules()).find(({ name }) => name === supplied);
  if (found) return found.scheduleId;
  throw new CliError(
    'CLI_USAGE',
    `there is no schedule with the name ${supplied}`,
    'List schedules with `taskrunner schedule list`.',
  );
}
