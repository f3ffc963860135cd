import t from 'tap'
import { parseRequestTarget } from '../../../lib/http/request-target.ts'

void t.test('origin-form is passed on as it came', async t => {
  t.same(parseRequestTarget('POST', '/invoke/01H?x=1&y=%2F?'), {
    form: 'origin', path: '/invoke/01H', query: 'x=1&y=%2F?', authority: '', originForm: '/invoke/01H?x=1&y=%2F?'
  })
  t.same(parseRequestTarget('GET', '/'), { form: 'origin', path: '/', query: '', authority: '', originForm: '/' })
  t.same(parseRequestTarget('GET', '/?'), { form: 'origin', path: '/', query: '', authority: '', originForm: '/?' })
  t.same(parseRequestTarget('GET', '//h/../a;b"<>|^`{}%zz!~'), {
    form: 'origin', path: '//h/../a;b"<>|^`{}%zz!~', query: '', authority: '', originForm: '//h/../a;b"<>|^`{}%zz!~'
  })
  t.equal(parseRequestTarget('OPTIONS', '/a')?.form, 'origin')
})

void t.test('characters that have no place in a target', async t => {
  for (const target of [
    '/a#b', '/#', '/a b', '/a\tb', '/a\r\nb', '/\0', '/\x7f', '/é', '/\x80', '/\xff', '/a?b#c', '/a?b c', '/\u0120',
    'http://h#', 'http://h/a#b', 'http://h/é', 'http://h/ ', 'http://h#a', 'http://h?a#'
  ]) t.equal(parseRequestTarget('GET', target), null, JSON.stringify(target))
})

void t.test('absolute-form', async t => {
  t.same(parseRequestTarget('GET', 'http://Fn.Example:8080/a/b?c=d'), {
    form: 'absolute', path: '/a/b', query: 'c=d', authority: 'Fn.Example:8080', originForm: '/a/b?c=d'
  })
  t.same(parseRequestTarget('GET', 'HTTPS://[::1]'), {
    form: 'absolute', path: '/', query: '', authority: '[::1]', originForm: '/'
  })
  t.same(parseRequestTarget('GET', 'hTTp://h?a/b'), {
    form: 'absolute', path: '/', query: 'a/b', authority: 'h', originForm: '/?a/b'
  })
  t.same(parseRequestTarget('GET', 'http://h/a?'), {
    form: 'absolute', path: '/a', query: '', authority: 'h', originForm: '/a?'
  })
  t.same(parseRequestTarget('GET', 'http://h//x'), {
    form: 'absolute', path: '//x', query: '', authority: 'h', originForm: '//x'
  })
})

void t.test('absolute-form that is none', async t => {
  for (const target of [
    '', 'a', 'example.com', 'example.com:80', 'ftp://h/', 'http:/h', 'http:h', 'http:///a', 'http://', 'https://',
    'http://?a', 'http://:80/', 'http://user@h/', 'http://user:pw@h/', 'http://h:99999/', 'http://a b/',
    'http://[::1/', 'xhttp://h/', 'http//h', '?a', '#', ' /', 'http://h\\@evil/'
  ]) t.equal(parseRequestTarget('GET', target), null, JSON.stringify(target))
})

void t.test('OPTIONS for a server as a whole', async t => {
  t.same(parseRequestTarget('OPTIONS', '*'), { form: 'asterisk', path: '', query: '', authority: '', originForm: '*' })
  t.same(parseRequestTarget('OPTIONS', 'http://h:80'), {
    form: 'absolute', path: '', query: '', authority: 'h:80', originForm: '*'
  })
  t.equal(parseRequestTarget('OPTIONS', 'http://h/')?.originForm, '/')
  t.equal(parseRequestTarget('OPTIONS', 'http://h?')?.originForm, '/?')
  t.equal(parseRequestTarget('GET', '*'), null)
  t.equal(parseRequestTarget('options', '*'), null, 'methods are case-sensitive')
  t.equal(parseRequestTarget('OPTIONS', '**'), null)
})

void t.test('authority-form, for CONNECT alone', async t => {
  t.same(parseRequestTarget('CONNECT', 'h:443'), {
    form: 'authority', path: '', query: '', authority: 'h:443', originForm: 'h:443'
  })
  t.equal(parseRequestTarget('CONNECT', '[::1]:443')?.authority, '[::1]:443')
  for (const target of ['h', 'h:', '[::1]', '/', '*', 'http://h:80/', 'u@h:80', 'h:port', ':80', '']) {
    t.equal(parseRequestTarget('CONNECT', target), null, target)
  }
})
