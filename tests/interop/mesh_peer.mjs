// SPDX-License-Identifier: MIT
// A js-libp2p node with gossipsub and kad-dht over QUIC, steered by one JSON command per line on stdin; one JSON answer per line on
// stdout, with the command's own `id`. Ends with its input.
//
//   node mesh_peer.mjs [--ip 127.0.0.1] [--degree 6] [--protocol /weft/kad/1.0.0]
//     {"do":"connect","to":ADDRESS}                                         a session
//     {"do":"subscribe","topic":T}  {"do":"mesh","topic":T}                 mesh: who this node forwards to
//     {"do":"publish","topic":T,"count":N,"bytes":B,"interval_ms":MS}       N messages "SELF NUMBER TIME", padded to B bytes
//     {"do":"received","topic":T}                                           messages by origin, how often one came twice, span_ms from first to last
//     {"do":"latencies","topic":T}                                          milliseconds from the time in the message to its arrival
//     {"do":"put","key":HEX,"value":HEX}  {"do":"get","key":HEX}
//     {"do":"provide","cid":CID}  {"do":"providers","cid":CID}  {"do":"find","peer":ID}  {"do":"table"}
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { quic } from '@chainsafe/libp2p-quic'
import { gossipsub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'

const { values: options } = parseArgs({
  options: { ip: { type: 'string', default: '127.0.0.1' }, degree: { type: 'string', default: '6' }, protocol: { type: 'string', default: '/weft/kad/1.0.0' } }
})
const print = (object) => process.stdout.write(`${JSON.stringify(object)}\n`)
const hex = (bytes) => Buffer.from(bytes).toString('hex')
const now_ms = () => performance.timeOrigin + performance.now()
const step_timeout_ms = 60_000

// The message id of Weft and go-libp2p: author, then sequence number. js-libp2p's own default is another.
function message_id (message) {
  const author = message.from.toMultihash().bytes
  const id = new Uint8Array(author.length + 8)
  id.set(author)
  new DataView(id.buffer).setBigUint64(author.length, message.sequenceNumber)
  return id
}

const degree = Number(options.degree)
const node = await createLibp2p({
  addresses: { listen: [`/ip4/${options.ip}/udp/0/quic-v1`] },
  transports: [quic()],
  connectionManager: { inboundConnectionThreshold: 100_000, maxIncomingPendingConnections: 10_000, maxConnections: 10_000 },
  services: {
    identify: identify({ runOnConnectionOpen: true }),
    identifyPush: identifyPush(),
    ping: ping(),
    pubsub: gossipsub({
      msgIdFn: message_id,
      D: degree,
      Dlo: Math.max(1, degree - 1),
      Dhi: degree * 2,
      allowPublishToZeroTopicPeers: true,
      // Every node of a local mesh has the same address; by default that alone keeps them apart.
      scoreParams: { IPColocationFactorWeight: 0 }
    }),
    dht: kadDHT({
      protocol: options.protocol,
      clientMode: false,
      peerInfoMapper: (peer) => peer,
      // Records of Weft are checked by Weft; this node stores and returns them as they are.
      validators: { weft: async () => {} },
      selectors: { weft: () => 0 }
    })
  }
})

const topics = new Map()
node.services.pubsub.addEventListener('message', ({ detail }) => {
  const topic = topics.get(detail.topic)
  if (topic === undefined) return
  topic.last_ms = now_ms()
  topic.first_ms ??= topic.last_ms
  const text = new TextDecoder().decode(detail.data.subarray(0, 120))
  const [origin, number, time] = text.split(' ')
  const key = `${origin} ${number}`
  topic.seen.set(key, (topic.seen.get(key) ?? 0) + 1)
  if (time !== undefined && !Number.isNaN(Number(time))) topic.latencies.push(now_ms() - Number(time))
})

async function publish ({ topic, count = 1, bytes = 0, interval_ms = 0 }) {
  let recipients = 0
  for (let number = 0; number < count; ++number) {
    const text = `${node.peerId} ${number} ${now_ms()} `
    const sent = await node.services.pubsub.publish(topic, new TextEncoder().encode(text.padEnd(bytes, '.')))
    recipients += sent.recipients.length
    // A turn of the event loop in any case: what arrives meanwhile must not wait for the whole series.
    await new Promise((resolve) => interval_ms > 0 ? setTimeout(resolve, interval_ms) : setImmediate(resolve))
  }
  return { count, recipients }
}

async function collect (query, of_event) {
  const found = []
  for await (const event of query) {
    const value = of_event(event)
    if (value !== undefined) found.push(value)
  }
  return found
}

const signal = () => ({ signal: AbortSignal.timeout(step_timeout_ms) })
const peer_text = (info) => info.id.toString()
const commands = {
  connect: async ({ to }) => ({ peer: (await node.dial(multiaddr(to), signal())).remotePeer.toString() }),
  subscribe: async ({ topic }) => { topics.set(topic, { seen: new Map(), latencies: [] }); node.services.pubsub.subscribe(topic); return {} },
  mesh: async ({ topic }) => ({ peers: node.services.pubsub.getMeshPeers(topic), subscribers: node.services.pubsub.getSubscribers(topic).map(String) }),
  publish,
  received: async ({ topic }) => {
    const by_origin = {}
    let twice = 0
    for (const [key, times] of topics.get(topic).seen) {
      const origin = key.split(' ')[0]
      by_origin[origin] = (by_origin[origin] ?? 0) + 1
      if (times > 1) ++twice
    }
    const { first_ms = 0, last_ms = 0 } = topics.get(topic)
    return { by_origin, twice, span_ms: last_ms - first_ms }
  },
  latencies: async ({ topic }) => ({ milliseconds: topics.get(topic).latencies }),
  put: async ({ key, value }) => {
    const query = node.services.dht.put(Buffer.from(key, 'hex'), Buffer.from(value, 'hex'), signal())
    return { stored_by: await collect(query, (e) => (e.name === 'PEER_RESPONSE' && e.messageName === 'PUT_VALUE' ? e.from.toString() : undefined)) }
  },
  get: async ({ key }) => {
    const values = await collect(node.services.dht.get(Buffer.from(key, 'hex'), signal()), (e) => (e.name === 'VALUE' ? hex(e.value) : undefined))
    return { value: values.at(-1) ?? null }
  },
  provide: async ({ cid }) => ({ events: (await collect(node.services.dht.provide(CID.parse(cid), signal()), (e) => e.name)).length }),
  providers: async ({ cid }) => {
    const lists = await collect(node.services.dht.findProviders(CID.parse(cid), signal()), (e) => (e.name === 'PROVIDER' ? e.providers.map(peer_text) : undefined))
    return { providers: [...new Set(lists.flat())] }
  },
  find: async ({ peer }) => {
    const found = await collect(node.services.dht.findPeer(peerIdFromString(peer), signal()), (e) => (e.name === 'FINAL_PEER' ? e.peer.multiaddrs.map(String) : undefined))
    return { addresses: found.at(-1) ?? null }
  },
  table: async () => ({ size: node.services.dht.routingTable.size })
}

print({ event: 'listening', peer: node.peerId.toString(), address: node.getMultiaddrs()[0].toString() })
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue
  const command = JSON.parse(line)
  // Not awaited: a series of publications and questions about it run side by side.
  void (async () => {
    try {
      print({ id: command.id, ...(await commands[command.do](command)) })
    } catch (error) {
      print({ id: command.id, error: `${error.name}: ${error.message}` })
    }
  })()
}
await node.stop()
process.exit(0)
