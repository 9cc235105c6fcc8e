// Stands where a stack starts its Authority, and says the facts of the one that all stacks of a worker of Jest share (`stack-owner.mjs`): a process
// with a whole Authority in it takes half a second of a processor.
process.on('SIGTERM', () => process.exit(0));
process.stdin.resume().once('close', () => process.exit(0));
console.log(process.env.SHARED_AUTHORITY);
