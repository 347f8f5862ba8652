// A Hocuspocus server as its manual sets it up: the SQLite extension on a file, every default.
// Started as: node server.mjs FILE. Prints {"port":…} once it listens.
import { SQLite } from '@hocuspocus/extension-sqlite'
import { Server } from '@hocuspocus/server'

const server = new Server({
  address: '127.0.0.1',
  port: 0,
  quiet: true,
  extensions: [new SQLite({ database: process.argv[2] })]
})
await server.listen()
process.stdout.write(JSON.stringify({ port: server.address.port }) + '\n')
