/**
 * The control port of a runner process: how a test or a bench, in any language, switches faults on and reads what was
 * executed. Only on the loopback interface, and beside the data port, so that it answers while that one hangs.
 *
 *   GET /state   GET /calls?after=<seq>   DELETE /calls   PUT /fault (JSON)   DELETE /fault
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DemoError } from './errors.ts'
import { parseFault } from './faults.ts'
import { sendJson } from './fn-error.ts'
import { pathOf } from './routes.ts'
import type { Runner } from './runner.ts'

const MAX_BODY_BYTES = 4096

export interface Control {
  readonly port: number
  close (): Promise<void>
}

/** @param port 0 = any free one. */
export async function startControl (runner: Runner, port: number): Promise<Control> {
  const server = createServer((request, response) => {
    // A page in a browser must not steer it: such requests carry an Origin, or another Host.
    const isLocalName = /^(127\.0\.0\.1|localhost):/.test(request.headers.host ?? '')
    if (!isLocalName || request.headers.origin !== undefined) {
      sendJson(response, 403, { message: 'only for programs on this machine' })
    } else void answer(runner, request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new DemoError('FNLB_DEMO_LISTEN',
        `demo runner: cannot listen for control on 127.0.0.1:${port} (${cause.code ?? cause.message}); ` +
        'use another port, or 0 for any free one', cause))
    })
    server.listen({ host: '127.0.0.1', port }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise<void>(resolve => {
      server.close(() => { resolve() })
      server.closeAllConnections()
    })
  }
}

async function answer (runner: Runner, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request.url)
  switch (`${request.method ?? ''} ${path}`) {
    case 'GET /state':
      sendJson(response, 200, runner.state())
      return
    case 'GET /calls': {
      const after = Number(new URLSearchParams((request.url ?? '').slice(path.length + 1)).get('after') ?? 0)
      if (Number.isSafeInteger(after)) sendJson(response, 200, { lost: runner.lostCalls, calls: runner.calls(after) })
      else sendJson(response, 400, { message: 'after: must be a sequence number' })
      return
    }
    case 'DELETE /calls':
      runner.clearCalls()
      sendJson(response, 200, {})
      return
    case 'DELETE /fault':
      runner.setFault(undefined)
      sendJson(response, 200, {})
      return
    case 'PUT /fault':
      await putFault(runner, request, response)
      return
    default:
      sendJson(response, 404, { message: 'known: GET /state, GET or DELETE /calls, PUT or DELETE /fault' })
  }
}

async function putFault (runner: Runner, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    let text = ''
    for await (const piece of request.setEncoding('utf8') as AsyncIterable<string>) {
      text += piece
      if (text.length > MAX_BODY_BYTES) throw new Error(`a fault has at most ${MAX_BODY_BYTES} bytes`)
    }
    runner.setFault(parseFault(JSON.parse(text)))
    sendJson(response, 200, {})
  } catch (error) {
    sendJson(response, 400, { message: error instanceof Error ? error.message : String(error) })
  }
}
