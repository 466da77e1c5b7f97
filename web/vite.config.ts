import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { copyName, pages } from './build/pages.ts';

export default defineConfig({
  plugins: [svelte({ configFile: false }), pages()],
  // The output takes over the whole folder except .gitkeep, which pages() puts back.
  publicDir: false,
  // Links are relative, so the pages work below any base path (server.base_path).
  base: './',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // No data: URIs: everything the CSP allows comes from our own address.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { login: 'index.html', console: 'socket.html' },
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: (chunk) => copyName(chunk.facadeModuleId) ?? 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  test: { include: ['src/**/*.test.ts', 'build/**/*.test.ts'], environment: 'node' },
});
