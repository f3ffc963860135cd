/**
 * One listening socket for all data threads, where `reusePort` does not exist (Node before 22.12, macOS) and for unix
 * sockets everywhere.
 *
 * Invariant: every thread has a descriptor of its own. Threads share one descriptor table, and a thread that ends
 * closes the number it listens on; with a shared number it would take the listener away from all others. Node has no
 * dup(2), so the bound socket goes to a short-lived child over IPC and comes back: each passage (SCM_RIGHTS, unix(7))
 * makes a new descriptor. The child lives only as long as the answer takes, so nothing stays resident for it.
 */
import { fork } from 'node:child_process'
import { closeSync, fstatSync } from 'node:fs'
import type { ListenAddress } from '../proxy/protocol.ts'
import { bind, type BoundHandle } from './bind.ts'

/** Time for the child to start and answer. */
const DUPLICATE_TIMEOUT_MS = 10_000

interface Shared {
  readonly handle: BoundHandle
  readonly address: ListenAddress
  /** Device and inode of the socket; equal on all its duplicates. */
  readonly identity: string
}

/** Bound sockets, given out as duplicates. Closing it ends the sockets as soon as the threads have closed theirs. */
export class SharedListeners {
  readonly #sockets: readonly Shared[]
  /** Descriptor number → who has it now. A number comes back to the kernel when its thread ends. */
  readonly #owners = new Map<number, object>()
  /**
   * The objects Node made of the duplicates. A thread owns the descriptor now, so they must never be closed here, and
   * never be collected.
   */
  readonly #received: BoundHandle[] = []
  #isClosed = false

  private constructor (sockets: readonly Shared[]) {
    this.#sockets = sockets
  }

  /** @throws ListenError naming the first address that can not be bound; nothing stays bound then. */
  static async bind (addresses: readonly ListenAddress[]): Promise<SharedListeners> {
    const sockets: Shared[] = []
    try {
      for (const address of addresses) {
        const { handle, port } = await bind(address)
        sockets.push({ handle, address: { ...address, port }, identity: identityOf(handle.fd) })
      }
    } catch (error) {
      for (const { handle } of sockets) handle.close()
      throw error
    }
    return new SharedListeners(sockets)
  }

  /** The addresses with their real ports. */
  get addresses (): readonly ListenAddress[] {
    return this.#sockets.map(({ address }) => address)
  }

  /**
   * Makes one set of descriptors (one for each address) for each of `owners`.
   * @throws Error when the child can not be started or does not answer.
   */
  async duplicate (owners: readonly object[]): Promise<number[][]> {
    const handles = await echo(owners.flatMap(() => this.#sockets.map(({ handle }) => handle)))
    this.#received.push(...handles)
    const sets = owners.map((owner, index) => {
      const from = index * this.#sockets.length
      const fds = handles.slice(from, from + this.#sockets.length).map(({ fd }) => fd)
      for (const fd of fds) this.#owners.set(fd, owner)
      return fds
    })
    if (!this.#isClosed) return sets
    for (const owner of owners) this.release(owner)
    throw new Error('the listening sockets have been closed')
  }

  /**
   * Closes what an ended thread left open. A thread that came as far as listening closed its descriptors itself, and
   * the numbers may already mean something else; the socket's identity tells.
   */
  release (owner: object): void {
    for (const [fd, holder] of this.#owners) {
      if (holder !== owner) continue
      this.#owners.delete(fd)
      if (this.#isOurs(fd)) closeSync(fd)
    }
  }

  /** Closes our own descriptors. The kernel stops accepting when the last thread has closed its own. */
  close (): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { handle } of this.#sockets) handle.close()
  }

  #isOurs (fd: number): boolean {
    try {
      const found = identityOf(fd)
      return this.#sockets.some(({ identity }) => identity === found)
    } catch {
      return false
    }
  }
}

function identityOf (fd: number): string {
  const { dev, ino } = fstatSync(fd)
  return `${dev}:${ino}`
}

/** Sends each handle to a new child and gives back what returns, in the same order. */
function echo (handles: readonly BoundHandle[]): Promise<BoundHandle[]> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./listen-fd-child.js', import.meta.url), {
      execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc']
    })
    const received: BoundHandle[] = []
    const fail = (reason: string): void => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      for (const { fd } of received) closeSync(fd)
      reject(new Error(`cannot duplicate the listening sockets: ${reason}`))
    }
    const timer = setTimeout(fail, DUPLICATE_TIMEOUT_MS, 'the child process did not answer in time')
    child.on('error', (error) => fail(error.message))
    child.on('exit', (code, signal) => {
      if (received.length < handles.length) fail(`the child process ended with ${signal ?? code}`)
    })
    child.on('message', (_message, handle) => {
      received.push(handle as unknown as BoundHandle)
      if (received.length < handles.length) return
      clearTimeout(timer)
      child.disconnect()
      resolve(received)
    })
    for (const handle of handles) child.send({}, handle as never)
  })
}
