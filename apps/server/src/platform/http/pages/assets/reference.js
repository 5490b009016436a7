// Everything Scalar offers that would leave this server is switched off.
window.Scalar.createApiReference('#app', {
  url: '/openapi.json',
  theme: 'none',
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  defaultOpenAllTags: false,
  tagsSorter: 'alpha',
  documentDownloadType: 'json',
  persistAuth: false,
  authentication: { preferredSecurityScheme: 'api_key' },
  customCss: `
    :root { --scalar-font: "Atkinson Hyperlegible Next", system-ui, sans-serif; --scalar-radius: 6px; }
    .light-mode { --scalar-background-1: #fbfaf7; --scalar-background-2: #f3f1ec; --scalar-background-3: #e9e6df; --scalar-color-1: #1c2324; --scalar-color-2: #55605f; --scalar-color-3: #7d8685; --scalar-color-accent: #0f5c5c; --scalar-background-accent: #0f5c5c18; --scalar-border-color: #ddd9d0; }
    .dark-mode { --scalar-background-1: #161918; --scalar-background-2: #1d2120; --scalar-background-3: #282d2b; --scalar-color-1: #e9e7e1; --scalar-color-2: #a9b1ae; --scalar-color-3: #7f8885; --scalar-color-accent: #6cc3b9; --scalar-background-accent: #6cc3b91f; --scalar-border-color: #313735; }
  `,
})
