/** A self-signed certificate for 127.0.0.1, made anew by each test that needs one: no key lies in the repository. */
import { generateKeyPairSync, sign } from 'node:crypto'

/** DER (X.690 §8): tag, length, contents. */
function der (tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents)
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const sequence = (...contents: Buffer[]): Buffer => der(0x30, ...contents)
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]))
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const time = (text: string): Buffer => der(0x18, Buffer.from(text))

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))
const COMMON_NAME = oid('550403')
const SUBJECT_ALT_NAME = oid('551d11')

/** RFC 5280 §4.1, with the loopback address as its subject. */
export function selfSigned (): { readonly cert: string, readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('fnlb test')))))
  const address = der(0x04, sequence(der(0x87, Buffer.from([127, 0, 0, 1]))))
  const certificate = sequence(
    der(0xa0, integer(2)), integer(1), ECDSA_WITH_SHA256, name,
    sequence(time('20200101000000Z'), time('21000101000000Z')), name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(SUBJECT_ALT_NAME, address)))
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', certificate, privateKey))
  const base64 = sequence(certificate, ECDSA_WITH_SHA256, signature).toString('base64')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  }
}
