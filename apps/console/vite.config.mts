import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const CORE = join(import.meta.dirname, '../../libs/core/src/lib');

// Links are relative, and the webservice writes the base address into the page. The console therefore works under any path of a proxy.
export default defineConfig({
  base: './',
  plugins: [react()],
  html: { cspNonce: 'CONSOLE_NONCE' },
  // Of core the sources: its build is one file for Node.js.
  resolve: { alias: [{ find: /^@taskrunner\/core\/([a-z]+)$/, replacement: `${CORE}/$1/index.ts` }] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    // Modules of core have no effects of their own, so those that nobody uses are left out.
    rolldownOptions: { treeshake: { moduleSideEffects: (id) => !id.startsWith(CORE) } },
  },
  worker: { format: 'es' },
});
