// SPDX-License-Identifier: MIT
// A js-libp2p node over QUIC, for the interop suite and for comparison figures. One JSON object per line on stdout.
//
//   node peer.mjs listen [PORT [SEED]]               serve identify, ping and perf until SIGTERM; SEED fixes the identity
//   node peer.mjs dial ADDR STEP…                    dial ADDR and run the steps in order, exit 1 at the first failure
//     identify               wait for the other side's identify answer
//     ping:N                 N rounds of 32 bytes on one stream
//     pings:N                N pings by the library's own service, one stream each
//     streams:N              N streams one after another on this connection, 32 bytes echoed on each
//     up:BYTES  down:BYTES   /perf/1.0.0
//     echo:N                 N requests on /weft/echo/1.0.0, one stream each
//     handshake:N            N further dials, each closed again
//     redial:SECONDS         wait for the connection to be lost, then dial until the other side is back; later steps use the new one
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { quic } from '@chainsafe/libp2p-quic'
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const perf_protocol = '/perf/1.0.0'
const ping_protocol = '/ipfs/ping/1.0.0'
const echo_protocol = '/weft/echo/1.0.0'
const block = new Uint8Array(64 * 1024)
const step_timeout_ms = 240_000

const print = (object) => process.stdout.write(`${JSON.stringify(object)}\n`)

async function make_node (port, seed) {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(seed ?? '').subarray(0, 32))
  return await createLibp2p({
    privateKey: await (seed ? generateKeyPairFromSeed('Ed25519', bytes) : generateKeyPair('Ed25519')),
    addresses: { listen: [`/ip4/127.0.0.1/udp/${port}/quic-v1`] },
    transports: [quic()],
    // The library slows down repeated dials from one host; a bench is exactly that.
    connectionManager: { inboundConnectionThreshold: 100_000, maxIncomingPendingConnections: 10_000, maxConnections: 10_000 },
    services: { identify: identify({ runOnConnectionOpen: true }), ping: ping({ maxInboundStreams: 64, maxOutboundStreams: 64, timeout: step_timeout_ms }) }
  })
}

// Sends `bytes` zeroes, never further ahead than the library's own buffer.
async function send_zeroes (stream, bytes) {
  for (let left = bytes; left > 0;) {
    const part = left >= block.length ? block : block.subarray(0, left)
    left -= part.length
    if (!stream.send(part)) await stream.onDrain()
  }
}

async function serve_perf (stream) {
  const head = []
  let wanted = null
  for await (const data of stream) {
    if (wanted !== null) continue
    head.push(...data.subarray().subarray(0, 8 - head.length))
    if (head.length === 8) wanted = Number(new DataView(Uint8Array.from(head).buffer).getBigUint64(0))
  }
  if (wanted === null) return stream.abort(new Error('perf: no length'))
  await send_zeroes(stream, wanted)
  await stream.close()
}

// Sends everything back until the other side finishes.
async function serve_echo (stream) {
  for await (const data of stream) {
    if (!stream.send(data)) await stream.onDrain()
  }
  await stream.close()
}

async function echo_once (connection) {
  const stream = await connection.newStream(echo_protocol)
  const sent = crypto.getRandomValues(new Uint8Array(33))
  sent[0] = 32
  const back = []
  const reading = (async () => { for await (const data of stream) back.push(...data.subarray()) })()
  stream.send(sent)
  await stream.close()
  await reading
  if (Buffer.compare(Buffer.from(back), sent) !== 0) throw new Error('echo: other bytes came back')
}

async function perf (connection, up, down) {
  const stream = await connection.newStream(perf_protocol)
  const start = performance.now()
  const head = new Uint8Array(8)
  new DataView(head.buffer).setBigUint64(0, BigInt(down))
  let received = 0
  const reading = (async () => { for await (const data of stream) received += data.byteLength })()
  if (!stream.send(head)) await stream.onDrain()
  await send_zeroes(stream, up)
  await stream.close()
  await reading
  const seconds = (performance.now() - start) / 1000
  if (received !== down) throw new Error(`perf: ${received} of ${down} bytes came back`)
  return { seconds, gbit_per_s: ((up + down) * 8) / seconds / 1e9 }
}

function summary (samples) {
  const sorted = Float64Array.from(samples).sort()
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { samples: sorted.length, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: sorted[sorted.length - 1] }
}

async function ping_rounds (connection, rounds) {
  const stream = await connection.newStream(ping_protocol)
  const input = stream[Symbol.asyncIterator]()
  const samples = []
  for (let round = 0; round < rounds; ++round) {
    const sent = crypto.getRandomValues(new Uint8Array(32))
    const start = performance.now()
    stream.send(sent)
    const back = []
    while (back.length < 32) {
      const next = await input.next()
      if (next.done) throw new Error(`ping: stream ended in round ${round}`)
      back.push(...next.value.subarray())
    }
    samples.push(performance.now() - start)
    if (Buffer.compare(Buffer.from(back), sent) !== 0) throw new Error(`ping: other bytes came back in round ${round}`)
  }
  await stream.close()
  // The other side has ended its half too: one stream after another, never two.
  while (!(await input.next()).done);
  return summary(samples)
}

async function repeat (count, action) {
  const samples = []
  for (let i = 0; i < count; ++i) {
    const start = performance.now()
    await action(i)
    samples.push(performance.now() - start)
  }
  return summary(samples)
}

async function wait_identify (node, connection) {
  for (let tries = 0; tries < 500; ++tries) {
    const peer = await node.peerStore.get(connection.remotePeer).catch(() => null)
    const agent = peer?.metadata.get('AgentVersion')
    if (agent !== undefined) {
      return { agent: new TextDecoder().decode(agent), protocols: peer.protocols, addresses: peer.addresses.map((a) => a.multiaddr.toString()) }
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('identify: no answer in 5 s')
}

async function redial (node, address, lost, seconds) {
  const start = performance.now()
  const pause = () => new Promise((resolve) => setTimeout(resolve, 100))
  while (lost.status === 'open') await pause()
  const lost_after = (performance.now() - start) / 1000
  for (;;) {
    try {
      const connection = await node.dial(address, { signal: AbortSignal.timeout(2000) })
      return { lost_after, back_after: (performance.now() - start) / 1000, connection }
    } catch (error) {
      if (performance.now() - start > seconds * 1000) throw error
      await pause()
    }
  }
}

async function run_step (node, address, connection, step) {
  const [name, argument] = step.split(':')
  const number = Number(argument)
  switch (name) {
    case 'identify': return await wait_identify(node, connection)
    case 'ping': return await ping_rounds(connection, number)
    case 'pings': return await repeat(number, () => node.services.ping.ping(connection.remotePeer))
    case 'streams': return await repeat(number, () => ping_rounds(connection, 1))
    case 'echo': return await repeat(number, () => echo_once(connection))
    case 'up': return await perf(connection, number, 0)
    case 'down': return await perf(connection, 0, number)
    case 'handshake': return await repeat(number, async () => {
      const further = await node.dial(address, { force: true })
      await further.close()
    })
    case 'redial': return await redial(node, address, connection, number)
    default: throw new Error(`unknown step '${step}'`)
  }
}

async function dial (address_text, steps) {
  const node = await make_node(0)
  const address = multiaddr(address_text)
  let current = await node.dial(address, { signal: AbortSignal.timeout(10_000) })
  print({ event: 'connected', peer: current.remotePeer.toString(), self: node.peerId.toString() })
  for (const step of steps) {
    const alarm = setTimeout(() => { print({ event: 'failed', step, error: 'timeout' }); process.exit(1) }, step_timeout_ms)
    print({ event: 'start', step })
    const { connection, ...result } = await run_step(node, address, current, step)
    current = connection ?? current
    print({ event: 'step', step, ...result })
    clearTimeout(alarm)
  }
  await node.stop()
}

async function listen (port, seed) {
  const node = await make_node(port, seed)
  await node.handle(perf_protocol, serve_perf, { maxInboundStreams: 16 })
  await node.handle(echo_protocol, serve_echo, { maxInboundStreams: 64 })
  node.addEventListener('connection:open', (e) => print({ event: 'open', peer: e.detail.remotePeer.toString(), direction: e.detail.direction }))
  node.addEventListener('connection:close', (e) => print({ event: 'close', peer: e.detail.remotePeer.toString() }))
  node.addEventListener('peer:identify', (e) => print({ event: 'identify', peer: e.detail.peerId.toString(), agent: e.detail.agentVersion, protocols: e.detail.protocols, observed: e.detail.observedAddr?.toString() }))
  print({ event: 'listening', peer: node.peerId.toString(), address: node.getMultiaddrs()[0].toString() })
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { void node.stop().then(() => process.exit(0)) })
}

const { positionals: [command, ...rest] } = parseArgs({ allowPositionals: true })
try {
  if (command === 'listen') await listen(Number(rest[0] ?? 0), rest[1])
  else if (command === 'dial' && rest.length > 0) { await dial(rest[0], rest.slice(1)); process.exit(0) }
  else { console.error('usage: node peer.mjs listen [PORT [SEED]] | dial ADDR STEP…'); process.exit(2) }
} catch (error) {
  print({ event: 'failed', error: `${error.name}: ${error.message}` })
  process.exit(1)
}
