/**
 * WebSocket, server side, just enough to echo (RFC 6455): the handshake, and a frame reader that never holds more than
 * one frame. Strict where a proxy's mistakes would show: unmasked, fragmented control or reserved frames end the
 * connection with 1002, frames over the limit with 1009. No extensions.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
export const MAX_FRAME_BYTES = 1024 * 1024

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface Frame {
  readonly isFinal: boolean
  readonly opcode: number
  readonly payload: Buffer
}

/** Value of `Sec-WebSocket-Accept` (RFC 6455 §4.2.2). */
export function acceptKey (key: string): string {
  return createHash('sha1').update(key + GUID).digest('base64')
}

/** One frame, unmasked as servers send them. */
export function encodeFrame (opcode: number, payload: Buffer, isFinal = true): Buffer {
  const size = payload.length
  const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10)
  head[0] = (isFinal ? 0x80 : 0) | opcode
  if (size < 126) head[1] = size
  else if (size < 65_536) {
    head[1] = 126
    head.writeUInt16BE(size, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(size), 2)
  }
  return Buffer.concat([head, payload])
}

/** Payload of a close frame. */
export function closePayload (code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}

/** The client broke the protocol; `closeCode` says how. */
export class FrameError extends Error {
  readonly closeCode: number

  constructor (closeCode: number, message: string) {
    super(message)
    this.name = 'FrameError'
    this.closeCode = closeCode
  }
}

/** Turns bytes of a client, however they are split, into frames. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  /** @throws FrameError; the reader is useless after that. */
  push (bytes: Buffer): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    const frames: Frame[] = []
    for (;;) {
      const frame = this.#next()
      if (frame === undefined) return frames
      frames.push(frame)
    }
  }

  #next (): Frame | undefined {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const [first = 0, second = 0] = bytes
    const opcode = first & 0x0f
    const isFinal = (first & 0x80) !== 0
    let size = second & 0x7f
    if ((first & 0x70) !== 0) throw new FrameError(1002, 'reserved bits set, but no extension was agreed')
    if ((second & 0x80) === 0) throw new FrameError(1002, 'frame of a client without a mask')
    if ((opcode > 2 && opcode < 8) || opcode > 10) throw new FrameError(1002, `unknown opcode ${opcode}`)
    if (opcode >= 8 && (!isFinal || size > 125)) throw new FrameError(1002, 'control frame in parts or over 125 bytes')
    let offset = 2
    if (size === 126) {
      if (bytes.length < 4) return undefined
      size = bytes.readUInt16BE(2)
      offset = 4
    } else if (size === 127) {
      if (bytes.length < 10) return undefined
      const long = bytes.readBigUInt64BE(2)
      size = long > BigInt(MAX_FRAME_BYTES) ? MAX_FRAME_BYTES + 1 : Number(long)
      offset = 10
    }
    if (size > MAX_FRAME_BYTES) throw new FrameError(1009, `frame over ${MAX_FRAME_BYTES} bytes`)
    const end = offset + 4 + size
    if (bytes.length < end) return undefined
    const mask = bytes.subarray(offset, offset + 4)
    const payload = Buffer.from(bytes.subarray(offset + 4, end))
    for (let i = 0; i < size; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0)
    this.#bytes = bytes.subarray(end)
    return { isFinal, opcode, payload }
  }
}

/**
 * Answers an upgrade request and echoes: data frames as they came (fragments stay fragments), ping by pong, close by
 * close. Anything but a WebSocket handshake gets 400 and the end.
 * @param head bytes that came with the request.
 * @param onClose told once, when the connection is over.
 */
export function echoWebSocket (request: IncomingMessage, socket: Duplex, head: Buffer, onClose: () => void): void {
  socket.on('error', () => {})
  socket.on('close', onClose)
  const key = request.headers['sec-websocket-key']
  const isHandshake = request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket' &&
    request.headers['sec-websocket-version'] === '13' &&
    typeof key === 'string' && Buffer.from(key, 'base64').length === 16
  if (!isHandshake) {
    socket.end([
      'HTTP/1.1 400 Bad Request', 'Connection: close', 'Content-Length: 0', 'Sec-WebSocket-Version: 13', '', ''
    ].join('\r\n'))
    return
  }
  const protocol = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim()
  socket.write([
    'HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    '', ''
  ].join('\r\n'))
  const reader = new FrameReader()
  const receive = (bytes: Buffer): void => {
    try {
      for (const frame of reader.push(bytes)) answerFrame(socket, frame)
    } catch (error) {
      const code = error instanceof FrameError ? error.closeCode : 1011
      if (socket.writable) socket.end(encodeFrame(OPCODES.close, closePayload(code)))
      socket.off('data', receive)
      socket.resume()
    }
  }
  socket.on('data', receive)
  socket.on('end', () => { socket.end() })
  socket.on('drain', () => { socket.resume() })
  if (head.length > 0) receive(head)
}

function answerFrame (socket: Duplex, frame: Frame): void {
  // After our close frame nothing may follow.
  if (!socket.writable) return
  switch (frame.opcode) {
    case OPCODES.pong:
      return
    case OPCODES.ping:
      socket.write(encodeFrame(OPCODES.pong, frame.payload))
      return
    case OPCODES.close:
      socket.end(encodeFrame(OPCODES.close, frame.payload.subarray(0, 2)))
      return
    default:
      if (!socket.write(encodeFrame(frame.opcode, frame.payload, frame.isFinal))) socket.pause()
  }
}
