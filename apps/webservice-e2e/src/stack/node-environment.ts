const { PATH, NODE_OPTIONS, NODE_COMPILE_CACHE } = process.env;

/** Variables for a process of Node.js that sees nothing else of ours: where programs are, and the compiled code that `npm test` keeps. */
export const NODE_ENVIRONMENT = { PATH, NODE_OPTIONS, NODE_COMPILE_CACHE };
