/** The release of this worker: on its row and in the evidence. */
export const VERSION = '0.1.0';
