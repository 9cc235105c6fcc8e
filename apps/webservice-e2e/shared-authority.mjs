// Used in place of a stack's Authority: returns the facts of the Authority that all stacks of a Jest worker share (`stack-owner.mjs`).
// Starting a separate Authority takes half a second of processor time.
process.on('SIGTERM', () => process.exit(0));
process.stdin.resume().once('close', () => process.exit(0));
console.log(process.env.SHARED_AUTHORITY);
