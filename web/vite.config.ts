import { defineConfig } from 'vitest/config'

// Relative addresses, because the dashboard is also served below a prefix of the plugin's choice.
export default defineConfig(() => ({
  base: './',
  build: {
    rollupOptions: { input: ['index.html', 'dashboard.html'] },
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  test: { css: true }, // the contrast test reads the style sheet
  server: {
    proxy: Object.fromEntries(
      ['/api', '/demo'].map((path) => [path, { target: 'http://127.0.0.1:3000', changeOrigin: true }]),
    ),
  },
}))
