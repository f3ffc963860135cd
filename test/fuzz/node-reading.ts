/**
 * Reads a connection with Node's own strict HTTP parser, through node:http and without sockets: the bytes come out of a
 * stream that the server, or a request, takes for its connection.
 *
 * Nothing is ever answered, because an answer makes Node throw away what is left of a request body. Readings are made
 * many at a time: each needs some turns of the event loop, but the turns are shared.
 */
import http from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import type { Message, NodeReading } from './readings.ts'

/** One end of a connection whose other end is the test. What Node writes is dropped. */
class Wire extends Duplex {
  readonly reading: NodeReading = { messages: [], error: '' }
  override _read (): void {}
  override _write (_chunk: unknown, _encoding: BufferEncoding, done: () => void): void { done() }
  override _final (done: () => void): void { done() }
}

/** Larger than anything the fuzzer makes: limits are ours to choose, they are no part of the comparison. */
const OPTIONS = { maxHeaderSize: 1024 * 1024, insecureHTTPParser: false } as const
/** Turns after which everything that was pushed has been delivered. */
const TURNS = 4

function turn (): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function settle (): Promise<void> {
  for (let i = 0; i < TURNS; i++) await turn()
}

/** Content and trailers of a message, as they come. */
function follow (from: IncomingMessage, message: Message): void {
  from.on('data', (chunk: Buffer) => { message.content += chunk.toString('latin1') })
  from.on('end', () => {
    message.isComplete = from.complete
    message.trailers = from.rawTrailers
  })
  // Said again, with its reason, by the connection.
  from.on('error', () => {})
}

function words (error: Error & { code?: string }): string {
  return error.code ?? error.message
}

/** Reads many client connections. */
export async function readRequests (inputs: readonly Buffer[]): Promise<NodeReading[]> {
  const wires = inputs.map((input) => {
    const wire = new Wire()
    server.emit('connection', wire)
    wire.push(input)
    return wire
  })
  await settle()
  for (const wire of wires) wire.destroy()
  return wires.map((wire) => wire.reading)
}

const server = (() => {
  const server = http.createServer(OPTIONS)
  server.maxHeadersCount = 0
  const take = (request: IncomingMessage): void => {
    const message: Message = {
      start: `${request.method} ${request.url}`,
      version: request.httpVersion,
      fields: request.rawHeaders,
      content: '',
      trailers: [],
      isComplete: false
    }
    ;(request.socket as unknown as Wire).reading.messages.push(message)
    follow(request, message)
  }
  server.on('request', take)
  server.on('checkContinue', take)
  server.on('checkExpectation', take)
  server.on('connect', take)
  server.on('clientError', (error, wire) => { (wire as Wire).reading.error = words(error) })
  return server
})()

/** Reads many connections to runners, one call on each. */
export async function readResponses (inputs: readonly { readonly method: string, readonly bytes: Buffer }[]): Promise<NodeReading[]> {
  const wires = inputs.map(({ method }) => ask(method))
  await turn()
  for (let i = 0; i < wires.length; i++) wires[i]!.push(inputs[i]!.bytes)
  await settle()
  for (const wire of wires) if (!wire.destroyed) wire.push(null)
  await settle()
  for (const wire of wires) wire.destroy()
  return wires.map((wire) => wire.reading)
}

function ask (method: string): Wire {
  const wire = new Wire()
  const { messages } = wire.reading
  // The type wants a net.Socket; node:http itself takes any Duplex.
  const request = http.request({ ...OPTIONS, method, host: 'runner.example', createConnection: () => wire as never })
  request.maxHeadersCount = 0
  const messageOf = (head: Pick<IncomingMessage, 'statusCode' | 'statusMessage' | 'httpVersion' | 'rawHeaders'> | http.InformationEvent): Message => ({
    start: `${head.statusCode} ${head.statusMessage}`,
    version: head.httpVersion,
    fields: head.rawHeaders,
    content: '',
    trailers: [],
    isComplete: true
  })
  request.on('information', (head) => messages.push(messageOf(head)))
  request.on('upgrade', (response) => messages.push(messageOf(response)))
  request.on('response', (response) => {
    const message = { ...messageOf(response), isComplete: false }
    messages.push(message)
    follow(response, message)
  })
  request.on('error', (error) => { wire.reading.error = words(error) })
  request.end()
  return wire
}
