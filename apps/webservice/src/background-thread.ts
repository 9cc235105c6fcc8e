// Lowers the priority of the thread that imports this module. Import it first: loading the other modules takes processor time too.
import { constants, setPriority } from 'node:os';

// On Linux each thread has a priority of its own (setpriority(2), 0 is the calling thread). Elsewhere it would be the whole process's.
if (process.platform === 'linux') {
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it. The thread then competes with the event loop as equals.
  }
}
