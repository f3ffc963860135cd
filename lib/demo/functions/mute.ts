/** Starts, and never opens its socket: what a function built without an FDK does. */
setInterval(() => {}, 60_000)
