import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { browserCore } from './browser-core.mts';
import { defaultSettingModule } from './default-setting.mts';

// Links are relative, and the webservice writes the base address into the page. The console therefore works under any path of a proxy.
export default defineConfig({
  base: './',
  // Texts of packs and people are shown without hidden characters (src/shown).
  plugins: [browserCore(), react({ jsxImportSource: '#shown' })],
  html: { cspNonce: 'CONSOLE_NONCE' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
  },
  worker: { format: 'es', plugins: () => [browserCore(), defaultSettingModule()] },
});
