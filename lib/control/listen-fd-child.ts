/**
 * The child of listen-fd.ts: sends every socket back that it gets. The passage makes a new descriptor in the parent.
 * It ends when the parent closes the channel.
 */
process.on('message', (message, handle) => {
  const socket = handle as unknown as { close (): void }
  process.send!(message, handle, {}, () => socket.close())
})
