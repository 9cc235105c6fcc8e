import type { Command } from 'commander';
import type { Context } from './context';
import { registerDecisions } from './server/decide.command';
import { registerDownloads } from './server/download.commands';
import { registerGates } from './server/gates.command';
import { registerOutputs } from './server/outputs.command';
import { registerQueries } from './server/query.commands';
import { registerRerun } from './server/rerun.command';
import { registerRelease } from './server/release.command';
import { registerResolve } from './server/resolve.command';
import { registerRun } from './server/run.command';
import { registerSchedules } from './server/schedule.commands';

/** All commands that talk to a server. */
export function registerServerCommands(program: Command, context: Context): void {
  registerRun(program, context);
  registerQueries(program, context);
  registerOutputs(program, context);
  registerGates(program, context);
  registerDecisions(program, context);
  registerRerun(program, context);
  registerRelease(program, context);
  registerResolve(program, context);
  registerDownloads(program, context);
  registerSchedules(program, context);
}
