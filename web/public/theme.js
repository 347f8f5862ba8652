// Runs before the first paint, so that a chosen theme does not flash. Without a choice the system's preference holds.
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // storage is off: the system's preference holds
}
