// Makes values.json with the real lib0: run "node make.mjs > values.json" in a
// directory where lib0 0.2.120 is installed.
import * as enc from 'lib0/encoding'
import * as dec from 'lib0/decoding'
const hex = b => Buffer.from(b).toString('hex')
const any = v => { const e = enc.createEncoder(); enc.writeAny(e, v); return hex(enc.toUint8Array(e)) }
const again = h => { const v = dec.readAny(dec.createDecoder(new Uint8Array(Buffer.from(h, 'hex')))); return any(v) }
const values = [undefined, null, true, false, 0, -0, 1, -1, 63, 64, -64, 127, 128, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 31 + 1, 2 ** 40, 2 ** 53 - 1, 2 ** 53, 2 ** 64,
  0.5, 0.1, -0.1, 1e300, 1e-300, Infinity, -Infinity, NaN, 3.4028234663852886e38, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), '', 'a', 'é😀\u0000', '\ud83d', 'x'.repeat(200),
  new Uint8Array(), new Uint8Array([0, 255]), [], [1, [2, [3]], 'a', null, undefined], {}, { b: 1, a: 2 }, { 2: 'x', 1: 'y', z: 0, 10: 1 }, { a: { b: { c: [] } } },
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['k' + i, i]))]
const odd = ['7d80808080808002', '7d8000', '7b3ff0000000000000', '7c3f800000', '7b3fe0000000000000', '7600', '760201617d010161 7d02', '7602013278013178', '7601095f5f70726f746f5f5f7600', '7601095f5f70726f746f5f5f7d01', '758000', '7702c3a9', '778100 61', '7bfff0000000000000'].map(s => s.replaceAll(' ', ''))
const texts = ['1', ' 1', '1.0', '-0', '1e3', '1E400', '0.1e-6', '123456789012345680000', '1e21', '1e-7', '0.000001', '1.5e300', '"a\\u0041\\n\\/"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\u007f\\u2028\\u001f"', '{"b":1,"a":2}', '{"2":1,"1":2,"a":0}', '{"a":1,"b":2,"a":3}', '{"__proto__":1}', '[ 1 , 2 ]', '[[[]]]', 'nul', '{a:1}', '', '01', '"\n"', '[1,]', 'undefined', '\ufeff1', '{"01":1,"4294967294":2,"4294967295":3}']
const varints = [0, 1, 127, 128, 16383, 16384, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]
const put = (f, n) => { const e = enc.createEncoder(); f(e, n); return hex(enc.toUint8Array(e)) }
console.log(JSON.stringify({
  any: values.map(any),
  odd: odd.map(h => { try { return [h, again(h)] } catch (e) { return [h, 'error'] } }),
  json: texts.map(t => { try { return [t, JSON.stringify(JSON.parse(t))] } catch { return [t, null] } }),
  varuint: varints.map(n => [n, put(enc.writeVarUint, n)]),
  varint: [...varints, ...varints.slice(1).map(n => -n)].map(n => [n, put(enc.writeVarInt, n)])
}, null, 1))
