// Imported first by a process that must not outlive the worker that forked it: what else it loads takes a while.
process.on('disconnect', () => process.exit(1));
