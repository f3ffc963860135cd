/** The daemon as a child process, for tests of its life. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const PROCESS = fileURLToPath(new URL('./daemon-process.js', import.meta.url))

export type Line = Record<string, unknown> & { readonly level: string, readonly msg: string }

/** A daemon in a child process, and what it says. */
export class Daemon {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  readonly ended: Promise<number | string>
  stderr = ''
  #waiting: Array<{ msg: string, resolve: (line: Line) => void }> = []

  constructor (t: Test, options: object) {
    this.child = spawn(process.execPath, [PROCESS, JSON.stringify({
      origins: {}, demo: false, ...options
    })], { stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => this.child.kill('SIGKILL'))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
    createInterface(this.child.stdout!).on('line', (text) => {
      const line = JSON.parse(text) as Line
      this.lines.push(line)
      for (const { msg, resolve } of this.#waiting) if (msg === line.msg) resolve(line)
    })
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(code ?? signal!)))
  }

  line (msg: string): Promise<Line> {
    const found = this.lines.find((line) => line.msg === msg)
    return found !== undefined
      ? Promise.resolve(found)
      : new Promise((resolve, reject) => {
        this.#waiting.push({ msg, resolve })
        void this.ended.then((code) => reject(new Error(`ended with ${code} before "${msg}": ${this.stderr}`)))
      })
  }

  async ready (): Promise<{ port: number, admin: { port: number } }> {
    const { listen, admin } = await this.line('ready') as unknown as { listen: string[], admin: string }
    return { port: Number(listen[0]!.split(':')[1]), admin: { port: Number(admin.split(':')[2]) } }
  }
}
