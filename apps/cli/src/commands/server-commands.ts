import type { Command } from 'commander';
import type { Context } from './context';
import { registerDecisions } from './decide.command';
import { registerDownloads } from './download.commands';
import { registerGates } from './gates.command';
import { registerQueries } from './query.commands';
import { registerRerun } from './rerun.command';
import { registerResolve } from './resolve.command';
import { registerRun } from './run.command';
import { registerSchedules } from './schedule.commands';

/** Everything that talks to a server. */
export function registerServerCommands(program: Command, context: Context): void {
  registerRun(program, context);
  registerQueries(program, context);
  registerGates(program, context);
  registerDecisions(program, context);
  registerRerun(program, context);
  registerResolve(program, context);
  registerDownloads(program, context);
  registerSchedules(program, context);
}
