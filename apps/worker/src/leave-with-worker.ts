// Imported first by a process that must not outlive the worker that forked it, because loading the rest takes a while.
process.on('disconnect', () => process.exit(1));
