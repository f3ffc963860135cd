/** Fn's header rules, both ways. */
import t from 'tap'
import {
  invokeRequestHeaders, invokeResponseHead, triggerRequestHeaders, triggerResponseHead
} from '../../../lib/demo/fn-headers.ts'

const DEADLINE = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))
const OWN = ['Fn-Call-Id', 'id', 'Fn-Deadline', '2026-01-02T03:04:05.000Z']

const FIELDS = [
  'Host', 'a.example', 'Connection', 'keep-alive', 'TE', 'trailers', 'Upgrade', 'h2c', 'Expect', '100-continue',
  'Transfer-Encoding', 'chunked', 'Proxy-Authorization', 'secret', 'X-A', '1', 'x-a', '2', 'Content-Type', 'a/b',
  'Content-Length', '3', 'Authorization', 'passed'
]

void t.test('an invoked function sees all fields but hop-by-hop ones; nobody can choose its call id', async t => {
  t.same(invokeRequestHeaders([...FIELDS, 'fn-call-id', 'forged', 'FN-DEADLINE', 'never'], 'id', DEADLINE), [
    'X-A', '1', 'x-a', '2', 'Content-Type', 'a/b', 'Content-Length', '3', 'Authorization', 'passed', ...OWN
  ])
})

void t.test('a trigger wraps them, all but the type and the framing', async t => {
  t.same(triggerRequestHeaders(FIELDS, 'id', DEADLINE, 'PUT', 'http://a.example/t/a/b?c'), [
    'Fn-Http-H-X-A', '1', 'Fn-Http-H-x-a', '2', 'Content-Type', 'a/b', 'Content-Length', '3',
    'Fn-Http-H-Content-Length', '3', 'Fn-Http-H-Authorization', 'passed',
    'Fn-Http-Method', 'PUT', 'Fn-Http-Request-Url', 'http://a.example/t/a/b?c', 'Fn-Intent', 'httprequest', ...OWN
  ])
})

const ANSWER = [
  'Content-Type', 'text/plain', 'Fn-Fdk-Version', 'fdk', 'Fn-Http-Status', '404', 'Fn-Http-H-X-B', '1',
  'fn-http-h-x-b', '2', 'Fn-Http-H-Connection', 'close', 'Fn-Http-H-Content-Length', '7', 'Fn-Http-H-', 'none',
  'Transfer-Encoding', 'chunked', 'Connection', 'keep-alive', 'Date', 'today', 'X-Own', 'yes'
]

void t.test('an invocation gives back the answer as it is', async t => {
  t.same(invokeResponseHead(ANSWER), {
    status: 200,
    headers: [
      'Content-Type', 'text/plain', 'Fn-Fdk-Version', 'fdk', 'Fn-Http-Status', '404', 'Fn-Http-H-X-B', '1',
      'fn-http-h-x-b', '2', 'Fn-Http-H-Connection', 'close', 'Fn-Http-H-Content-Length', '7', 'Fn-Http-H-', 'none',
      'X-Own', 'yes'
    ]
  })
})

void t.test('a trigger unwraps it, and passes nothing else', async t => {
  t.same(triggerResponseHead(ANSWER), {
    status: 404, headers: ['Content-Type', 'text/plain', 'X-B', '1', 'x-b', '2']
  })
  for (const status of ['100', '1000', 'abc', '', '-200']) {
    t.equal(triggerResponseHead(['Fn-Http-Status', status]).status, 200, `no status: ${status}`)
  }
})
